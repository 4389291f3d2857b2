package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"grenier/internal/harvest/harvesttest"
)

// servePortal serves a made-up portal, for trying a harvest by hand:
//
//	go run ./bench portal -listen 127.0.0.1:7070 -datasets 1000
func servePortal(args []string) {
	flags := flag.NewFlagSet("portal", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:7070", "address")
	var o harvesttest.Options
	flags.StringVar(&o.Name, "name", "p", "what tells its identifiers from those of another")
	flags.IntVar(&o.Datasets, "datasets", 1000, "how many records there are")
	flags.IntVar(&o.Resources, "resources", 3, "how many files each has")
	flags.IntVar(&o.PageSize, "page", 100, "how many records are on a page")
	flags.IntVar(&o.BigResources, "big", 0, "how many files the first record has instead")
	flags.IntVar(&o.Round, "round", 0, "which round of changes it is in")
	flags.IntVar(&o.Changed, "changed", 10, "thousandths of the records that change in each round")
	flags.IntVar(&o.Removed, "removed", 0, "thousandths of the records that go in each round")
	flags.BoolVar(&o.ETags, "etags", false, "answer conditional requests")
	_ = flags.Parse(args)
	fmt.Printf("http://%s/ckan/  /dcat/catalog.xml  /csw  /control\n", *listen)
	if err := http.ListenAndServe(*listen, harvesttest.New(o)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
