package main

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

// The protocols at which something changed that the benchmark sends or reads.
const (
	oldestProtocol        = 24 // InitializeRequest got the order it still has
	handlerLocksProtocol  = 28 // the last where Handler is lock_options = 2, server_addr = 3
	manyDatabasesProtocol = 29 // the last where InitializeRequest has db_servers = 13
	waitForEventProtocol  = 42 // the first with WaitForEvent; before, the plugin calls Messenger.Notify
)

func checkProtocol(protocol uint32) error {
	if protocol < oldestProtocol {
		return fmt.Errorf("the plugin speaks protocol %d; this benchmark drives %d and newer", protocol, oldestProtocol)
	}
	return nil
}

// initializeRequest is laid out as a node of that protocol does it.
func initializeRequest(protocol uint32, chainDataDir string, genesis []byte, h *host) *vmpb.InitializeRequest {
	req := &vmpb.InitializeRequest{
		NetworkId:    1337,
		SubnetId:     idEndingIn(1),
		ChainId:      idEndingIn(2),
		NodeId:       make([]byte, 20),
		PublicKey:    make([]byte, 48),
		XChainId:     idEndingIn(3),
		CChainId:     idEndingIn(4),
		AvaxAssetId:  idEndingIn(5),
		ChainDataDir: chainDataDir,
		GenesisBytes: genesis,
		ServerAddr:   h.servicesAddr,
	}
	if protocol <= manyDatabasesProtocol {
		// Unknown fields are sent as they stand: the message of today knows
		// field 13 as one address.
		req.ProtoReflect().SetUnknown(bytesField(13, versionedDatabase("v1.4.5", h.databaseAddr)))
		return req
	}
	req.DbServerAddr = h.databaseAddr
	req.NetworkUpgrades = &vmpb.NetworkUpgrades{}
	return req
}

// versionedDatabase encodes VersionedDBServer{version = 1, server_addr = 2}.
func versionedDatabase(version, addr string) []byte {
	return append(bytesField(1, []byte(version)), bytesField(2, []byte(addr))...)
}

func bytesField(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

func idEndingIn(last byte) []byte {
	id := make([]byte, 32)
	id[31] = last
	return id
}

// handlerAddr reads where a handler of CreateHandlers is served.
func handlerAddr(protocol uint32, handler *vmpb.Handler) (string, error) {
	addr := handler.GetServerAddr()
	if protocol <= handlerLocksProtocol {
		addr = unknownString(handler, 3)
	}
	if addr == "" {
		return "", errors.New("the plugin gave a handler without an address")
	}
	return addr, nil
}

// unknownString finds a string among the fields that a message does not know.
func unknownString(m proto.Message, want protowire.Number) string {
	rest := m.ProtoReflect().GetUnknown()
	for len(rest) > 0 {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return ""
		}
		rest = rest[n:]
		if number == want && kind == protowire.BytesType {
			value, _ := protowire.ConsumeString(rest)
			return value
		}
		if n = protowire.ConsumeFieldValue(number, kind, rest); n < 0 {
			return ""
		}
		rest = rest[n:]
	}
	return ""
}
