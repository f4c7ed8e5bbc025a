// A thread for backups that has a bug.

addEventListener("message", () => {
  throw new Error("a bug in the backup");
});
