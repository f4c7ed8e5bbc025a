// Package chaos breaks what it can while clients propose data, and then looks for every answer that was not kept.
//
// There are three ways to do it. RunNetwork starts a real network, and a nemesis kills, stops, restarts and wipes its
// nodes and their plugins. RunSiege touches no process of a real network: strangers attack it by HTTP and as peers, the
// plugins' clients' threads break, and the disks below them stall. RunPlugin puts one plugin under AvalancheGo's client,
// its proposervm and its leveldb, and kills it a thousand times in some minutes. All record what the clients were told
// (History) and what the chain became (Picture), and hand both to the same Check. What depends on how busy the machine
// is gets printed, and never asserted.
//
// A seed decides on all faults, their victims and their moments. The processes decide on the rest, so the same seed
// repeats the same faults, and not each scheduling of them.
package chaos
