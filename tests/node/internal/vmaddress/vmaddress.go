// Package vmaddress finds where a running plugin serves consensus.
package vmaddress

import (
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/process"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	vmpb "github.com/ava-labs/avalanchego/proto/pb/vm"
)

// answerTimeout is for a plugin on a busy machine.
const answerTimeout = 10 * time.Second

// Of returns the address at which a plugin serves vm.VM. Only the node was given it, and a plugin listens for HTTP
// requests as well: so each of its listeners is asked.
func Of(ctx context.Context, pid int) (string, error) {
	plugin, err := process.NewProcess(int32(pid))
	if err != nil {
		return "", err
	}
	sockets, err := plugin.ConnectionsWithContext(ctx)
	if err != nil {
		return "", err
	}
	for _, socket := range sockets {
		address := fmt.Sprintf("%s:%d", socket.Laddr.IP, socket.Laddr.Port)
		if socket.Status == "LISTEN" && servesVM(ctx, address) {
			return address, nil
		}
	}
	return "", fmt.Errorf("no listener of process %d serves vm.VM", pid)
}

func servesVM(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return false
	}
	defer connection.Close()
	_, err = vmpb.NewVMClient(connection).Version(ctx, &emptypb.Empty{})
	return err == nil
}
