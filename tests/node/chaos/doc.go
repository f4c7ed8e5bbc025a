// Package chaos breaks what it can while clients propose data, and then looks for every answer that was not kept.
//
// There are two ways to do it. RunNetwork starts a real network, and a nemesis kills, stops, restarts and wipes its
// nodes and their plugins. RunPlugin puts one plugin under AvalancheGo's client, its proposervm and its leveldb, and
// kills it a thousand times in some minutes. Both record what the clients were told (History) and what the chain became
// (Picture), and hand both to the same Check.
//
// A seed decides on all faults, their victims and their moments. The processes decide on the rest, so the same seed
// repeats the same faults, and not each scheduling of them.
package chaos
