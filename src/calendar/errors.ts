import { CodedError } from "../avalanche/coded-error.ts";

/** Why the calendar has no answer now. Each passes: the same request can be sent again later. */
export type CalendarRefusal =
  /** So many digests or questions wait that there is no room for one more. */
  | { readonly code: "too many waiting" }
  /** The node has the root, and there was no block in time. */
  | { readonly code: "no block in time" }
  /** The node cannot be reached, or refuses. */
  | { readonly code: "no node" }
  | { readonly code: "shut down" };

/** The calendar has no answer now. The message is for the user of a client. */
export class Unavailable extends CodedError<CalendarRefusal> {
  override readonly name = "Unavailable";

  constructor(code: CalendarRefusal["code"]) {
    super({ code }, words[code]);
  }
}

/** The stock client (opentimestamps-client 0.7.2) prints letters, digits, # - . , ; and spaces, 160 at most. */
const words: Readonly<Record<CalendarRefusal["code"], string>> = {
  "too many waiting": "Too many requests wait. Try again later.",
  "no block in time": "No block came in time. Try again later.",
  "no node": "The node of this calendar is not at work. Try again later.",
  "shut down": "This calendar ends. Try again later.",
};
