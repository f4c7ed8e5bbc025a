import { checkAnswers } from "../../client/check-answers.ts";
import { createClient } from "../../client/client.ts";
import { enableCopying } from "./copy.ts";
import { showHistory } from "./history-panel.ts";
import { followChain } from "./live.ts";
import { enableProofs } from "./proof.ts";
import { withDeadline } from "./silence.ts";
import { offerToStamp } from "./stamp-digest.ts";
import { showStampPanel } from "./stamp-panel.ts";
import { addLocalTimes } from "./times.ts";

// What a page can do with scripts. Each part looks for its place on the page, and does nothing if there is none.

const client = withDeadline(createClient("rpc"));
// Browsers before 2025 can stamp, but check nothing.
const call = "fromHex" in Uint8Array ? checkAnswers(client) : client;

addLocalTimes(document);
enableCopying();
enableProofs(call);
followChain(call);
showStampPanel(call);
showHistory();
offerToStamp(call);
