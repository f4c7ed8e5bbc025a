package main

import (
	"encoding/hex"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

func TestInitializeRequestCarriesTheDatabaseWhereTheProtocolHasIt(t *testing.T) {
	h := &host{databaseAddr: "db:1", servicesAddr: "services:2"}
	// {version = 1 "v1.4.5", server_addr = 2 "db:1"}
	const list = "0a0676312e342e35" + "120464623a31"
	for _, c := range []struct {
		protocol uint32
		field13  string
	}{
		{24, list},
		{29, list},
		{30, hex.EncodeToString([]byte("db:1"))},
		{45, hex.EncodeToString([]byte("db:1"))},
	} {
		encoded, err := proto.Marshal(initializeRequest(c.protocol, "/data", []byte(genesis), h))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(field(t, encoded, 13)); got != c.field13 {
			t.Errorf("protocol %d: field 13 is %s, want %s", c.protocol, got, c.field13)
		}
		if got := string(field(t, encoded, 14)); got != "services:2" {
			t.Errorf("protocol %d: field 14 is %q", c.protocol, got)
		}
	}
}

func TestHandlerAddrIsReadWhereTheProtocolHasIt(t *testing.T) {
	withLocks := append(bytesField(1, []byte("/rpc")), 0x10, 0x02) // lock_options = 2
	withLocks = append(withLocks, bytesField(3, []byte("addr:3"))...)
	for _, c := range []struct {
		protocol uint32
		encoded  []byte
		want     string
	}{
		{28, withLocks, "addr:3"},
		{29, append(bytesField(1, []byte("/rpc")), bytesField(2, []byte("addr:2"))...), "addr:2"},
	} {
		var handler vmpb.Handler
		if err := proto.Unmarshal(c.encoded, &handler); err != nil {
			t.Fatal(err)
		}
		if got, err := handlerAddr(c.protocol, &handler); err != nil || got != c.want {
			t.Errorf("protocol %d: %q, %v; want %q", c.protocol, got, err, c.want)
		}
	}
}

func field(t *testing.T, message []byte, want protowire.Number) []byte {
	t.Helper()
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeField(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		if number == want && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(message)
			value, _ := protowire.ConsumeBytes(message[tag:])
			return value
		}
		message = message[n:]
	}
	return nil
}
