// The etcd server, for the tests of crates/etcd. It is built from the module proxy, so that a bare machine with Go can test.
package main

import (
	"io"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	// The test holds the other end: however it ends, no server is left behind.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	etcdmain.Main(os.Args)
}
