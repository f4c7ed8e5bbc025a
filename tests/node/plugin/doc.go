// Package plugin proves the plugin binary against AvalancheGo's own parts: its client of a plugin, the proposervm on
// leveldb, and the snowman engine. Everything is in the tests.
package plugin
