package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// CatalogSchema is a schema of the catalogue of schemas, as it describes it.
type CatalogSchema struct {
	Name                   string             `json:"name"`
	Title                  *string            `json:"title"`
	Description            *string            `json:"description"`
	SchemaURL              *string            `json:"schema_url"`
	SchemaType             *string            `json:"schema_type"`
	Contact                *string            `json:"contact"`
	Examples               []SchemaExample    `json:"examples"`
	Labels                 []string           `json:"labels"`
	ConsolidationDatasetID *string            `json:"consolidation_dataset_id"`
	Versions               []PublishedVersion `json:"versions"`
	ExternalDoc            *string            `json:"external_doc"`
	ExternalTool           *string            `json:"external_tool"`
	Homepage               *string            `json:"homepage"`
	DatapackageTitle       *string            `json:"datapackage_title"`
	DatapackageName        *string            `json:"datapackage_name"`
	DatapackageDescription *string            `json:"datapackage_description"`
}

// SchemaExample is a file that follows a schema.
type SchemaExample struct {
	Title *string `json:"title"`
	Path  *string `json:"path"`
}

// PublishedVersion is a version of a schema and where it lies.
type PublishedVersion struct {
	Name      string `json:"version_name"`
	SchemaURL string `json:"schema_url"`
}

// versions are the names that a resource may give for the version.
func (c *CatalogSchema) versions() []string {
	names := make([]string, 0, len(c.Versions)+1)
	for _, version := range c.Versions {
		names = append(names, version.Name)
	}
	return append(names, "latest")
}

// schemasHold is how long the catalogue of schemas is not asked again.
const schemasHold = 5 * time.Minute

// maxSchemas bounds the catalogue of schemas, in bytes.
const maxSchemas = 10 << 20

// Schemas reads the catalogue of schemas of an address, and keeps the last copy
// for when it cannot be reached.
type Schemas struct {
	client  *fetch.Client
	address string

	asking sync.Mutex // held by who asks the catalogue

	mu     sync.Mutex
	list   []CatalogSchema
	asked  time.Time
	failed error
}

// NewSchemas returns the catalogue of schemas at an address.
func NewSchemas(client *fetch.Client, address string) *Schemas {
	return &Schemas{client: client, address: address}
}

// List returns the schemas that resources may name. The catalogue is asked at
// most once in five minutes, behind who has the last copy meanwhile, which also
// serves when it does not answer. Without a copy it is a NotFound or Unavailable
// fault.
func (s *Schemas) List(ctx context.Context) ([]CatalogSchema, error) {
	list, failed, held := s.copy()
	switch {
	case held:
		return list, failed
	case list == nil || failed != nil:
		s.asking.Lock()
		defer s.asking.Unlock()
		if list, failed, held = s.copy(); !held {
			s.renew(ctx)
			list, failed, _ = s.copy()
		}
	case s.asking.TryLock():
		go func() {
			defer s.asking.Unlock()
			s.renew(context.WithoutCancel(ctx))
		}()
	}
	return list, failed
}

// copy is the last copy, or why there is none, and whether it need not be asked
// for again.
func (s *Schemas) copy() (list []CatalogSchema, failed error, held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held = !s.asked.IsZero() && time.Since(s.asked) < schemasHold
	if s.failed != nil && (s.list == nil || fault.Is(s.failed, fault.NotFound)) {
		return nil, s.failed, held
	}
	return s.list, nil, held
}

// renew asks the catalogue; the caller holds asking.
func (s *Schemas) renew(ctx context.Context) {
	list, err := s.read(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
	if ctx.Err() == nil { // a caller who went away says nothing of the catalogue
		s.asked = time.Now()
	}
	if err == nil {
		s.list = list
	}
}

func (s *Schemas) read(ctx context.Context) ([]CatalogSchema, error) {
	unavailable := func(cause error) error {
		return fault.Wrap(cause, fault.Unavailable, "The catalogue of schemas cannot be reached: try again in a few minutes.").After(schemasHold)
	}
	response, err := s.client.Get(ctx, s.address, fetch.Request{
		Accept: "application/json", MaxBytes: maxSchemas, Timeout: 10 * time.Second, AnyStatus: true,
	})
	if err != nil {
		return nil, unavailable(err)
	}
	defer response.Body.Close()
	switch {
	case response.Status == http.StatusNotFound:
		return nil, fault.New(fault.NotFound, "The catalogue of schemas does not exist.")
	case response.Status != http.StatusOK:
		return nil, unavailable(fmt.Errorf("catalog: schemas: status %d", response.Status))
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, unavailable(err)
	}
	var document struct {
		Schemas []CatalogSchema `json:"schemas"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, unavailable(errors.Join(errors.New("catalog: schemas"), err))
	}
	list := slices.DeleteFunc(document.Schemas, func(c CatalogSchema) bool {
		return c.SchemaType != nil && *c.SchemaType == "datapackage"
	})
	if list == nil {
		list = []CatalogSchema{}
	}
	return list, nil
}

// CatalogSchemas returns the schemas that resources may name; none when no
// catalogue of them is set up.
func (s *Store) CatalogSchemas(ctx context.Context) ([]CatalogSchema, error) {
	if s.deps.Schemas == nil {
		return nil, nil
	}
	return s.deps.Schemas.List(ctx)
}

// SchemaInput names the schema that a resource follows.
type SchemaInput struct {
	Name, Version, URL string
}

// schema reads the schema of a resource: by its name in the catalogue, with a
// version, or by an address. One that stays as it was is taken.
func (r *refusals) schema(in Opt[SchemaInput], resource *Resource, path ...any) {
	if !in.Set {
		return
	}
	given := in.Value
	if in.Null || given.Name == "" && given.URL == "" && given.Version == "" {
		resource.SchemaName, resource.SchemaVersion, resource.SchemaURL = nil, nil, nil
		return
	}
	if given == (SchemaInput{shown(resource.SchemaName, ""), shown(resource.SchemaVersion, ""), shown(resource.SchemaURL, "")}) {
		return
	}
	at := func(text, member string) { r.at(text, append(slices.Clone(path), member)...) }
	if given.Name == "" && given.URL == "" {
		at("A schema must contains a name or an URL when a version is provided.", "version")
		return
	}
	given = r.known(given)
	switch {
	case given.URL != "":
		if wrong := r.wrongURL(given.URL); wrong != "" {
			at(wrong, "url")
			return
		}
	case r.outage != nil:
		r.hindered = r.outage
		return
	case len(r.schemas) > 0:
		if text, member := r.wrongSchema(given); text != "" {
			at(text, member)
			return
		}
	}
	for _, member := range []struct{ value, name string }{{given.Name, "name"}, {given.Version, "version"}} {
		if wrong := wrongText(member.value, maxWord); wrong != "" {
			at(wrong, member.name)
			return
		}
	}
	resource.SchemaName, resource.SchemaVersion, resource.SchemaURL = optional(given.Name), optional(given.Version), optional(given.URL)
}

// known turns the address of a schema of the catalogue, or of one of its
// versions, into its name.
func (r *refusals) known(given SchemaInput) SchemaInput {
	if given.URL == "" {
		return given
	}
	for i := range r.schemas {
		for _, version := range r.schemas[i].Versions {
			if version.SchemaURL == given.URL {
				return SchemaInput{Name: r.schemas[i].Name, Version: version.Name}
			}
		}
		if address := r.schemas[i].SchemaURL; address != nil && *address == given.URL {
			return SchemaInput{Name: r.schemas[i].Name, Version: "latest"}
		}
	}
	return given
}

// wrongSchema tells what is wrong with a name and a version that should be of
// the catalogue, and of which of the two.
func (r *refusals) wrongSchema(given SchemaInput) (wrong, member string) {
	names := make([]string, len(r.schemas))
	for i := range r.schemas {
		names[i] = r.schemas[i].Name
	}
	at := slices.Index(names, given.Name)
	if at < 0 {
		return fmt.Sprintf("Schema name %q is not an allowed value. Allowed values: %s", clipped(given.Name), strings.Join(names, ", ")), "name"
	}
	if versions := r.schemas[at].versions(); given.Version != "" && !slices.Contains(versions, given.Version) {
		return fmt.Sprintf("Version %q is not an allowed value for the schema %q. Allowed versions: %s",
			clipped(given.Version), given.Name, strings.Join(versions, ", ")), "version"
	}
	return "", ""
}

// checking returns what reads an input, with what it needs from outside: asked
// for before the write begins, which must not wait for others.
func (s *Store) checking(ctx context.Context, resources ...ResourceInput) refusals {
	checks := refusals{reachable: s.deps.CheckURL}
	named := func(in ResourceInput) bool { return in.Schema.Set && !in.Schema.Null }
	if s.deps.Schemas == nil || !slices.ContainsFunc(resources, named) {
		return checks
	}
	list, err := s.deps.Schemas.List(ctx)
	checks.schemas = list
	if err != nil && !fault.Is(err, fault.NotFound) {
		checks.outage = err
	}
	return checks
}
