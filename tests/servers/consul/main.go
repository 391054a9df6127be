// The Consul agent, for the tests of crates/consul. It is built from the module proxy and started as a child of a test, never shipped: its licence allows that.
package main

import (
	"io"
	"os"

	"github.com/hashicorp/consul/command/agent"
	consul "github.com/hashicorp/consul/command/cli"
	_ "github.com/hashicorp/consul/service_os"
	"github.com/mitchellh/cli"
)

func main() {
	// The test holds the other end: however it ends, no server is left behind.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	terminal := &consul.BasicUI{BasicUi: cli.BasicUi{Writer: os.Stdout, ErrorWriter: os.Stderr}}
	os.Exit(agent.New(terminal).Run(os.Args[1:]))
}
