//go:build until29

package release

import (
	"github.com/ava-labs/avalanchego/database"
	"github.com/ava-labs/avalanchego/database/manager"
	"github.com/ava-labs/avalanchego/version"
)

// managerOf is how a node lends a database of its current version.
func managerOf(db database.Database) manager.Manager {
	made, err := manager.NewManagerFromDBs([]*manager.VersionedDatabase{{Database: db, Version: version.CurrentDatabase}})
	if err != nil {
		panic(err)
	}
	return made
}
