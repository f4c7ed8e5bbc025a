/** What people must know of a proof of one block whose id has no date yet. */
export const provesNothingYet =
  "It is one block that leads to itself: it proves nothing yet. Make it again when there is a later block.";
