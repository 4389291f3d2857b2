package portal

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/fetch"
	"grenier/internal/text"
)

// openAPIPage is the description of an API for machines, shown to people.
type openAPIPage struct {
	Head dataserviceHead
	// Source is the address of the description.
	Source string
	// Problem says why it cannot be shown; empty when it is.
	Problem string
	// Title and Version are what the description says of itself, Dialect the
	// language that it is written in.
	Title, Version, Dialect string
	About                   template.HTML
	Servers                 []apiServer
	// Security are the ways to identify oneself.
	Security []apiSecurity
	// Count is the number of operations, Contents the groups of all of them.
	Count    int
	Contents []apiContentsLine
	Groups   []apiGroup
	Pager    pager
}

// apiSecurity is a way to identify oneself.
type apiSecurity struct{ Name, Type, Description string }

// apiContentsLine leads to a group of operations.
type apiContentsLine struct {
	Name, URL string
	Count     int
}

// apiGroup are the operations of one tag on this page.
type apiGroup struct {
	ID, Name, Description string
	Operations            []apiOperation
}

// apiOperation is one thing that the API can do.
type apiOperation struct {
	// ID is unique in the page.
	ID string
	// Method is GET, POST …; Tone the colour of its badge.
	Method, Tone, Path, Summary string
	Description                 template.HTML
	Deprecated                  bool
	Parameters                  []apiParameter
	// Bodies are what may be sent, by media type.
	BodyText  string
	Bodies    []apiContent
	Responses []apiResponse
	Curl      string
}

// apiParameter is an argument of an operation.
type apiParameter struct {
	Name string
	// In is path, query, header, cookie or formData.
	In, Type             string
	Required, Deprecated bool
	Description, Limits  string
}

// apiContent is a body of one media type.
type apiContent struct {
	Media, Type string
	Fields      []apiField
}

// apiResponse is an answer of an operation.
type apiResponse struct {
	// Status is a code, 2XX or default; Tone the colour of its badge.
	Status, Tone, Description string
	Contents                  []apiContent
}

// operationsShown is how many operations a page shows.
const operationsShown = 50

type openAPIArgs struct {
	objectArgs
	Page string `query:"page"`
}

func (p *Portal) showOpenAPI(v *visit, in openAPIArgs) error {
	s, done, err := v.dataservice(in.Key, openAPITail)
	if done || err != nil {
		return err
	}
	d := v.dataserviceDraft(s, "dataservice-openapi", openAPITail)
	content := openAPIPage{Head: v.dataserviceHead(s, openAPITail), Source: linkable(deref(s.MachineDocumentationURL))}
	number := pageOf(in.Page)
	if number > 1 {
		d.args = url.Values{"page": {strconv.Itoa(number)}}
	}
	switch {
	case content.Source == "":
		content.Problem = v.say.T("dataservice.openapi-none")
	case !p.Fetch.Reaches(content.Source):
		content.Problem = v.say.T("dataservice.openapi-off")
	default:
		document, err := p.openAPI.read(v.Context(), content.Source)
		if err != nil {
			content.Problem = v.openAPIProblem(err)
		} else {
			v.describe(&content, document, number, v.path(dataservicePath(s, openAPITail)))
		}
	}
	d.noIndex = d.noIndex || content.Problem != "" || number > 1
	d.data, d.transient = content, true
	return v.show(d)
}

// openAPIProblem says why a description cannot be shown.
func (v *visit) openAPIProblem(err error) string {
	why := fetch.Why(err)
	if why == nil {
		return v.say.T("dataservice.openapi-unreadable")
	}
	switch why.Reason {
	case fetch.Unreachable, fetch.Timeout, fetch.TooBig, fetch.Insecure:
		return v.say.T("dataservice.openapi-" + strings.ReplaceAll(string(why.Reason), "_", "-"))
	case fetch.Status:
		return v.say.T("dataservice.openapi-status", "status", strconv.Itoa(why.Status))
	}
	return v.say.T("dataservice.openapi-failed")
}

// describe shows a page of a description; path is that of its first page.
func (v *visit) describe(content *openAPIPage, d *apiDocument, number int, path string) {
	info := d.root.get("info")
	content.Title, content.Version, content.Dialect = firstRunes(info.get("title").str(), 200), firstRunes(info.get("version").str(), 40), d.dialect
	content.Servers, content.Count, content.Security = d.servers, len(d.operations), d.security()
	last := pagesOf(len(d.operations), operationsShown)
	number = min(number, last)
	if number == 1 {
		content.About = v.apiProse(info.get("description").str(), 3)
	}
	address := func(page int) string {
		if page == 1 {
			return path
		}
		return path + "?page=" + strconv.Itoa(page)
	}
	content.Pager = newPager(len(d.operations), operationsShown, number, address)
	for i, tag := range d.groups {
		if tag.count > 0 {
			name := tag.name
			if name == "" {
				name = v.say.T("dataservice.other-operations")
			}
			content.Contents = append(content.Contents, apiContentsLine{
				Name: name, URL: address(tag.first/operationsShown+1) + "#group-" + strconv.Itoa(i+1), Count: tag.count,
			})
		}
	}
	view := &schemaView{root: d.root, left: pageFields}
	first := (number - 1) * operationsShown
	for i := first; i < min(first+operationsShown, len(d.operations)); i++ {
		entry := &d.operations[i]
		if len(content.Groups) == 0 || i == first || d.operations[i-1].group != entry.group {
			tag := d.groups[entry.group]
			group := apiGroup{ID: "group-" + strconv.Itoa(entry.group+1), Name: tag.name, Description: tag.description}
			if group.Name == "" {
				group.Name = v.say.T("dataservice.other-operations")
			}
			content.Groups = append(content.Groups, group)
		}
		group := &content.Groups[len(content.Groups)-1]
		operation := v.operation(d, entry, view)
		operation.ID = "operation-" + strconv.Itoa(i+1)
		group.Operations = append(group.Operations, operation)
	}
}

// apiProse renders what a description says in Markdown.
func (v *visit) apiProse(source string, heading int) template.HTML {
	rendered, _ := text.HTML(source, text.Rendering{Limit: 4000, Heading: heading, TableLabel: v.say.T("common.table")})
	return template.HTML(rendered)
}

// methodTones are the colours of the badges of methods.
var methodTones = map[string]string{"GET": "info", "POST": "success", "PUT": "warning", "PATCH": "warning", "DELETE": "danger"}

func (v *visit) operation(d *apiDocument, entry *apiEntry, view *schemaView) apiOperation {
	o := apiOperation{
		Method: entry.method, Tone: methodTones[entry.method], Path: entry.path, Deprecated: entry.op.get("deprecated").yes(),
		Summary: firstRunes(oneParagraph(entry.op.get("summary").str()), 200),
	}
	description := entry.op.get("description").str()
	if o.Summary == "" {
		o.Summary = text.Excerpt(description, 120)
	}
	if strings.TrimSpace(description) != "" && strings.TrimSpace(description) != o.Summary {
		o.Description = v.apiProse(description, 5)
	}
	call := apiCall{method: entry.method}
	o.Parameters = d.parameters(entry, view, &o, &call)
	d.requestBody(entry, view, &o, &call)
	o.Responses = d.responses(entry, view)
	o.Curl = call.curl(d.serverOf(entry), entry.path)
	return o
}
