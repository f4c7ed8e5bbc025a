/** How many turns the event loop takes for others while work is done: those between its start and its end. */
export async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const next = () => {
    if (isDone) return;
    turns++;
    setImmediate(next);
  };
  setImmediate(next);
  await work();
  isDone = true;
  return turns;
}
