// What a stamp lets one conclude, in words for people who are no programmers.

/** What is proven, of a block that the node has in its chain. */
export const proves: readonly string[] = [
  "The SHA-256 leads to what the block carries. That is arithmetic: everybody can check it with the .ots file.",
  "The node that was asked says that the block is in its chain. If it does not lie, the file existed before every " +
    "later block of that chain was made.",
  "“The file existed” means: these exact bytes, or bytes with the same SHA-256.",
];

/** What the node's own clock adds. */
export const provesByClock =
  "The node says that it had the block by the time above, by its own clock. So the file existed by then.";

export const provesNot: readonly string[] = [
  "Nothing here proves who made the file, that what it says is true, that nobody had it earlier, or that it did not " +
    "exist before.",
  "The claimed time is what the maker of the block wrote. Only a time at which a node saw the block is a witness.",
  "A node that answers alone can make up a whole chain: ask one that you trust.",
];

/** Of a chain that one program made on one machine. */
export const provesNothing = "It proves nothing to anybody else.";
