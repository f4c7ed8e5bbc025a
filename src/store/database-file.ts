/** What the database is called in the chain data directory. */
export const databaseFileName = "timestampvm.db";
