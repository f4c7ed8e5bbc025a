// Command subnet makes a permissioned subnet with a chain of our VM, on any network, by the wallet of AvalancheGo.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/secp256k1"
	"github.com/ava-labs/avalanchego/vms/platformvm"
	"github.com/ava-labs/avalanchego/vms/platformvm/txs"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"
	"github.com/ava-labs/avalanchego/wallet/chain/p/wallet"
	"github.com/ava-labs/avalanchego/wallet/subnet/primary"

	"github.com/timestampvm/timestampvm/tests/node/network"
)

const usage = `usage: subnet [-node URL] -key FILE create GENESIS
       subnet [-node URL] -key FILE add SUBNET NodeID-… …

create makes a subnet that the key owns, and a chain in it. GENESIS is what ` + "`timestampvm genesis TEXT`" + ` prints.
add lets validators of the Primary Network validate the subnet, with equal weights, for as long as they do the former.

`

// weight of each validator.
const weight = 1_000

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "subnet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	node := flag.String("node", primary.LocalAPIURI, "`URL` of a node of the network")
	keyFile := flag.String("key", "", "`FILE` with the private key that pays: PrivateKey-…, or hex")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	switch args := flag.Args(); {
	case len(args) == 2 && args[0] == "create":
		return create(ctx, *node, key, args[1])
	case len(args) > 2 && args[0] == "add":
		return add(ctx, *node, key, args[1], args[2:])
	}
	flag.Usage()
	os.Exit(2)
	return nil
}

// create prints each ID as soon as it is known: the subnet is there, also where the chain fails.
func create(ctx context.Context, node string, key *secp256k1.PrivateKey, genesis string) error {
	payer, err := walletOf(ctx, node, key)
	if err != nil {
		return err
	}
	subnet, err := payer.IssueCreateSubnetTx(&secp256k1fx.OutputOwners{Threshold: 1, Addrs: []ids.ShortID{key.Address()}})
	if err != nil {
		return fmt.Errorf("creating the subnet: %w", err)
	}
	fmt.Println("subnet", subnet.ID())
	owner, err := walletOf(ctx, node, key, subnet.ID())
	if err != nil {
		return err
	}
	chain, err := owner.IssueCreateChainTx(subnet.ID(), []byte(genesis), network.VMID, nil, network.Name)
	if err != nil {
		return fmt.Errorf("creating the chain: %w", err)
	}
	fmt.Println("chain", chain.ID())
	return nil
}

func add(ctx context.Context, node string, key *secp256k1.PrivateKey, subnet string, names []string) error {
	subnetID, err := ids.FromString(subnet)
	if err != nil {
		return fmt.Errorf("%s is no ID of a subnet: %w", subnet, err)
	}
	validators, err := validatorsOf(ctx, node, names)
	if err != nil {
		return err
	}
	owner, err := walletOf(ctx, node, key, subnetID)
	if err != nil {
		return err
	}
	for _, validator := range validators {
		if _, err := owner.IssueAddSubnetValidatorTx(&txs.SubnetValidator{Validator: validator, Subnet: subnetID}); err != nil {
			return fmt.Errorf("adding %s: %w", validator.NodeID, err)
		}
		fmt.Println("added", validator.NodeID)
	}
	return nil
}

// walletOf returns a wallet that can sign for these subnets.
func walletOf(ctx context.Context, node string, key *secp256k1.PrivateKey, subnets ...ids.ID) (wallet.Wallet, error) {
	w, err := primary.MakePWallet(ctx, node, secp256k1fx.NewKeychain(key), primary.WalletConfig{SubnetIDs: subnets})
	if err != nil {
		return nil, fmt.Errorf("asking %s what the key owns: %w", node, err)
	}
	return w, nil
}

// readKey reads a key in one of the two forms that wallets write.
func readKey(file string) (*secp256k1.PrivateKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if strings.HasPrefix(text, secp256k1.PrivateKeyPrefix) {
		key := new(secp256k1.PrivateKey)
		return key, key.UnmarshalText([]byte(text))
	}
	bytes, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return nil, errors.New("-key: the file has neither PrivateKey-… nor hex")
	}
	return secp256k1.ToPrivateKey(bytes)
}

// validatorsOf returns validators of the Primary Network as they are to be in a subnet.
func validatorsOf(ctx context.Context, node string, names []string) ([]txs.Validator, error) {
	var nodeIDs []ids.NodeID
	for _, name := range names {
		nodeID, err := ids.NodeIDFromString(name)
		if err != nil {
			return nil, fmt.Errorf("%s is no node ID: %w", name, err)
		}
		nodeIDs = append(nodeIDs, nodeID)
	}
	found, err := platformvm.NewClient(node).GetCurrentValidators(ctx, constants.PrimaryNetworkID, nodeIDs)
	if err != nil {
		return nil, fmt.Errorf("asking %s for validators: %w", node, err)
	}
	if len(found) != len(nodeIDs) {
		return nil, fmt.Errorf("%d of these %d nodes validate the Primary Network", len(found), len(nodeIDs))
	}
	var validators []txs.Validator
	for _, staker := range found {
		validators = append(validators, txs.Validator{NodeID: staker.NodeID, End: staker.EndTime, Wght: weight})
	}
	return validators, nil
}
