/** The greatest integer of SQLite, whose integers are signed. No block of a greater height or timestamp can be stored. */
export const maxSqlInteger = 2n ** 63n - 1n;
