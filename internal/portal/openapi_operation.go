package portal

import (
	"net/url"
	"slices"
	"strings"
)

// Bounds of an operation.
const (
	mostParameters = 60
	mostMedia      = 4
	mostResponses  = 15
)

// serverOf is the address that an operation's path goes behind.
func (d *apiDocument) serverOf(entry *apiEntry) string {
	for _, servers := range []*apiValue{entry.op.get("servers"), entry.item.get("servers")} {
		if server := firstValue(servers.list()); server != nil {
			if address := d.serverURL(server); address != "" {
				return address
			}
		}
	}
	if len(d.servers) > 0 {
		return d.servers[0].URL
	}
	return ""
}

// security are the ways to identify oneself that a description names.
func (d *apiDocument) security() []apiSecurity {
	schemes := d.root.get("components").get("securitySchemes")
	if d.swagger {
		schemes = d.root.get("securityDefinitions")
	}
	var all []apiSecurity
	for _, name := range schemes.keys() {
		if len(all) == mostServers {
			break
		}
		s := schemes.get(name).resolve(d.root)
		kind := s.get("type").str()
		for _, detail := range []string{s.get("scheme").str(), s.get("in").str(), s.get("name").str()} {
			if detail != "" {
				kind += " · " + firstRunes(detail, 60)
			}
		}
		all = append(all, apiSecurity{firstRunes(name, 100), kind, firstRunes(oneParagraph(s.get("description").str()), fieldText)})
	}
	return all
}

// parameters are those of an operation and of its path, each once. What
// Swagger 2.0 calls parameters of the body goes to the operation's bodies.
func (d *apiDocument) parameters(entry *apiEntry, view *schemaView, o *apiOperation, call *apiCall) []apiParameter {
	var all []apiParameter
	var seen []string
	given := append(slices.Clone(entry.op.get("parameters").list()), entry.item.get("parameters").list()...)
	for _, one := range given {
		p := one.resolve(d.root)
		name, in := firstRunes(p.get("name").str(), 100), p.get("in").str()
		if name == "" || slices.Contains(seen, in+" "+name) || len(all) == mostParameters {
			continue
		}
		seen = append(seen, in+" "+name)
		schema := p.get("schema")
		if in == "body" {
			o.BodyText = firstRunes(oneParagraph(p.get("description").str()), fieldText)
			d.swaggerBody(entry, schema, view, o, call)
			continue
		}
		if schema == nil {
			schema = p // Swagger 2.0 has the type in the parameter itself
		}
		if content := p.get("content"); len(content.keys()) > 0 {
			schema = content.get(content.keys()[0]).get("schema")
		}
		parameter := apiParameter{
			Name: name, In: firstRunes(in, 20), Type: view.typeOf(schema, 0), Required: p.get("required").yes(), Deprecated: p.get("deprecated").yes(),
			Description: firstRunes(oneParagraph(p.get("description").str()), fieldText), Limits: limitsOf(schema.resolve(d.root)),
		}
		all = append(all, parameter)
		call.add(parameter, exampleOf(p, schema.resolve(d.root)))
	}
	return all
}

// exampleOf is a value of a parameter to try it with, empty when none is given.
func exampleOf(p, schema *apiValue) string {
	for _, one := range []*apiValue{p.get("example"), p.get("x-example"), schema.get("example"), schema.get("default"), firstValue(schema.get("enum").list())} {
		if text := one.str(); text != "" {
			return firstRunes(text, 100)
		}
	}
	if examples := p.get("examples"); len(examples.keys()) > 0 {
		return firstRunes(examples.get(examples.keys()[0]).get("value").str(), 100)
	}
	return ""
}

// mediaOf are the media types that an operation of Swagger 2.0 takes or gives.
func (d *apiDocument) mediaOf(entry *apiEntry, member string) []string {
	list := entry.op.get(member).list()
	if len(list) == 0 {
		list = d.root.get(member).list()
	}
	var media []string
	for _, one := range list[:min(len(list), mostMedia)] {
		media = append(media, firstRunes(one.str(), 100))
	}
	if len(media) == 0 {
		media = []string{"application/json"}
	}
	return media
}

func (d *apiDocument) swaggerBody(entry *apiEntry, schema *apiValue, view *schemaView, o *apiOperation, call *apiCall) {
	media := d.mediaOf(entry, "consumes")
	o.Bodies = []apiContent{{strings.Join(media, ", "), view.typeOf(schema, 0), view.fields(schema)}}
	call.body(media[0], view.sample(schema, 0))
}

// requestBody is what an operation of OpenAPI 3 takes.
func (d *apiDocument) requestBody(entry *apiEntry, view *schemaView, o *apiOperation, call *apiCall) {
	body := entry.op.get("requestBody").resolve(d.root)
	content := body.get("content")
	if len(content.keys()) == 0 {
		return
	}
	o.BodyText = firstRunes(oneParagraph(body.get("description").str()), fieldText)
	o.Bodies = d.contents(content, view)
	media := content.keys()[0]
	given := content.get(media)
	value := given.get("example")
	if value == nil {
		value = view.sample(given.get("schema"), 0)
	}
	call.body(firstRunes(media, 100), value)
}

// contents are bodies by media type; those of the same schema go together.
func (d *apiDocument) contents(content *apiValue, view *schemaView) []apiContent {
	var all []apiContent
	var schemas []*apiValue
	for _, media := range content.keys()[:min(len(content.keys()), mostMedia)] {
		schema := content.get(media).get("schema")
		resolved := schema.resolve(d.root)
		if at := slices.Index(schemas, resolved); at >= 0 && resolved != nil {
			all[at].Media += ", " + firstRunes(media, 100)
			continue
		}
		schemas = append(schemas, resolved)
		all = append(all, apiContent{firstRunes(media, 100), view.typeOf(schema, 0), view.fields(schema)})
	}
	return all
}

func (d *apiDocument) responses(entry *apiEntry, view *schemaView) []apiResponse {
	given := entry.op.get("responses")
	var all []apiResponse
	for _, status := range given.keys()[:min(len(given.keys()), mostResponses)] {
		answer := given.get(status).resolve(d.root)
		r := apiResponse{Status: firstRunes(status, 20), Description: firstRunes(oneParagraph(answer.get("description").str()), fieldText)}
		switch {
		case strings.HasPrefix(status, "2"):
			r.Tone = "success"
		case strings.HasPrefix(status, "4"), strings.HasPrefix(status, "5"):
			r.Tone = "warning"
		}
		if d.swagger {
			if schema := answer.get("schema"); schema != nil {
				r.Contents = []apiContent{{strings.Join(d.mediaOf(entry, "produces"), ", "), view.typeOf(schema, 0), view.fields(schema)}}
			}
		} else {
			r.Contents = d.contents(answer.get("content"), view)
		}
		all = append(all, r)
	}
	return all
}

// apiCall is an example of a call.
type apiCall struct {
	method      string
	inPath      []apiArgument
	query       []string
	headers     []string
	media, data string
}

type apiArgument struct{ name, value string }

// add takes an argument over: those that are required, with an example or their
// own name in braces.
func (c *apiCall) add(p apiParameter, example string) {
	value := example
	if value == "" {
		value = "{" + p.Name + "}"
	}
	switch {
	case p.In == "path" && example != "":
		c.inPath = append(c.inPath, apiArgument{p.Name, example})
	case !p.Required:
	case p.In == "query":
		c.query = append(c.query, url.QueryEscape(p.Name)+"="+escapedButBraces(value))
	case p.In == "header":
		c.headers = append(c.headers, firstRunes(p.Name, 60)+": "+value)
	case p.In == "formData":
		if c.data != "" {
			c.data += "&"
		}
		c.data += url.QueryEscape(p.Name) + "=" + escapedButBraces(value)
	}
}

func escapedButBraces(value string) string {
	return strings.NewReplacer("%7B", "{", "%7D", "}").Replace(url.QueryEscape(value))
}

// body takes over what is sent.
func (c *apiCall) body(media string, value *apiValue) {
	c.media = media
	if strings.Contains(media, "json") {
		c.data = string(value.appendJSON(nil, "", 6))
	}
}

// curl writes the call for a POSIX shell.
func (c *apiCall) curl(server, path string) string {
	if server == "" {
		return ""
	}
	for _, one := range c.inPath {
		path = strings.ReplaceAll(path, "{"+one.name+"}", url.PathEscape(one.value))
	}
	address := server + "/" + strings.TrimPrefix(path, "/")
	if len(c.query) > 0 {
		address += "?" + strings.Join(c.query, "&")
	}
	command := "curl"
	if strings.ContainsAny(address, "{}[]") {
		command += " --globoff"
	}
	if c.method != "GET" {
		command += " -X " + c.method
	}
	command += " " + shellWord(oneParagraph(address))
	for _, header := range c.headers {
		command += " \\\n  -H " + shellWord(oneParagraph(header))
	}
	if c.media != "" {
		command += " \\\n  -H " + shellWord("Content-Type: "+oneParagraph(c.media))
	}
	if c.data != "" {
		command += " \\\n  -d " + shellWord(c.data)
	}
	return command
}
