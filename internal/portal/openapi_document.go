package portal

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// apiDocument is a description of an API: OpenAPI 3 or Swagger 2.0.
type apiDocument struct {
	root *apiValue
	// address is where it was read.
	address *url.URL
	// dialect is what it calls itself: OpenAPI 3.0.1.
	dialect string
	swagger bool
	servers []apiServer
	// operations are in the order of their groups.
	operations []apiEntry
	groups     []apiTag
}

// apiServer is where the operations of an API are.
type apiServer struct{ URL, Description string }

// apiEntry is an operation in its document.
type apiEntry struct {
	method, path string
	item, op     *apiValue
	group        int
}

// apiTag is a group of operations.
type apiTag struct {
	name, description string
	first, count      int // operations
}

// Bounds of a document.
const (
	mostOperations = 3000
	mostServers    = 10
	mostGroups     = 200
)

var errNotOpenAPI = errors.New("the document is no description of OpenAPI 3 or Swagger 2.0")

// apiMethods are the members of a path that are operations, in the order shown.
var apiMethods = []string{"get", "post", "put", "patch", "delete", "head", "options", "trace", "query"}

// readAPIDocument reads a description; address is where it was found.
func readAPIDocument(document []byte, address *url.URL) (*apiDocument, error) {
	root, err := readAPIValue(document)
	if err != nil {
		return nil, err
	}
	d := &apiDocument{root: root, address: address}
	switch version, older := root.get("openapi").str(), root.get("swagger").str(); {
	case strings.HasPrefix(version, "3."):
		d.dialect = "OpenAPI " + firstRunes(version, 10)
	case older == "2.0" || older == "2":
		d.dialect, d.swagger = "Swagger 2.0", true
	default:
		return nil, errNotOpenAPI
	}
	d.readServers()
	d.readOperations()
	return d, nil
}

func (d *apiDocument) readServers() {
	if d.swagger {
		d.readSwaggerServers()
		return
	}
	for _, server := range d.root.get("servers").list() {
		if len(d.servers) == mostServers {
			break
		}
		if address := d.serverURL(server); address != "" {
			d.servers = append(d.servers, apiServer{address, firstRunes(oneParagraph(server.get("description").str()), fieldText)})
		}
	}
	if len(d.servers) == 0 {
		if address := d.absolute("/"); address != "" {
			d.servers = []apiServer{{URL: address}}
		}
	}
}

// serverURL is the address of a server, its variables replaced by their
// defaults.
func (d *apiDocument) serverURL(server *apiValue) string {
	address := server.get("url").str()
	variables := server.get("variables")
	for _, name := range variables.keys()[:min(len(variables.keys()), 20)] {
		if len(address) > 2000 {
			return ""
		}
		address = strings.ReplaceAll(address, "{"+name+"}", variables.get(name).get("default").str())
	}
	return d.absolute(address)
}

func (d *apiDocument) readSwaggerServers() {
	base, host := d.root.get("basePath").str(), d.root.get("host").str()
	if base == "" {
		base = "/"
	}
	if host == "" {
		if address := d.absolute(base); address != "" {
			d.servers = []apiServer{{URL: address}}
		}
		return
	}
	schemes := []string{}
	for _, scheme := range d.root.get("schemes").list() {
		if s := scheme.str(); s == "https" || s == "http" {
			schemes = append(schemes, s)
		}
	}
	if len(schemes) == 0 {
		schemes = []string{d.address.Scheme}
	}
	if slices.Contains(schemes, "https") {
		schemes = []string{"https"}
	}
	if address := d.absolute(schemes[0] + "://" + host + base); address != "" {
		d.servers = []apiServer{{URL: address}}
	}
}

// absolute resolves an address against that of the document; empty for what is
// no address of the web.
func (d *apiDocument) absolute(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(linkable(d.address.ResolveReference(u).String()), "/")
}

// readOperations sorts the operations into the groups of their first tags, in
// the order of the document's own list of tags.
func (d *apiDocument) readOperations() {
	numbers := map[string]int{}
	group := func(name, description string) int {
		if at, ok := numbers[name]; ok {
			return at
		}
		if len(d.groups) == mostGroups { // the rest goes together
			return mostGroups - 1
		}
		numbers[name] = len(d.groups)
		d.groups = append(d.groups, apiTag{name: firstRunes(name, 100), description: firstRunes(oneParagraph(description), fieldText)})
		return len(d.groups) - 1
	}
	for _, tag := range d.root.get("tags").list() {
		group(tag.get("name").str(), tag.get("description").str())
	}
	paths := d.root.get("paths")
	for _, path := range paths.keys() {
		item := paths.get(path).resolve(d.root)
		for _, method := range apiMethods {
			op := item.get(method)
			if !op.is(apiObject) || len(d.operations) == mostOperations {
				continue
			}
			d.operations = append(d.operations, apiEntry{
				method: strings.ToUpper(method), path: firstRunes(path, 500), item: item, op: op, group: group(firstValue(op.get("tags").list()).str(), ""),
			})
		}
	}
	slices.SortStableFunc(d.operations, func(a, b apiEntry) int { return a.group - b.group })
	for i, entry := range d.operations {
		tag := &d.groups[entry.group]
		if tag.count == 0 {
			tag.first = i
		}
		tag.count++
	}
}
