// Package intake brings other catalogues in: the CSV dumps that data.gouv.fr
// publishes, answers of its API one object a line, and the facts of the former
// catalogue of French public APIs. Files are streamed, transactions are short,
// and running an import again changes nothing.
package intake

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/event"
	"grenier/internal/geo"
	"grenier/internal/text"
)

// Importer imports catalogues into a database.
type Importer struct {
	log     *event.Log
	catalog *catalog.Store
	zones   *geo.Directory
}

// New returns an importer. zones learns the zones that rows name and nobody
// knew.
func New(log *event.Log, store *catalog.Store, zones *geo.Directory) *Importer {
	return &Importer{log: log, catalog: store, zones: zones}
}

// Options say how to import.
type Options struct {
	// DryRun reads, checks and counts, and writes nothing.
	DryRun bool
	// Progress, when set, is told how far the import is, some times a
	// second, from the goroutine that called Import.
	Progress func(Progress)
	// Report, when set, gets every refused row as CSV.
	Report io.Writer
}

// run is one import under way.
type run struct {
	*Importer
	options        Options
	summary        Summary
	reporter       *reporter
	book           *licenseBook
	people         *mentions[account.User]
	organizations  *mentions[account.Organization]
	judgedZones    map[string]bool
	judgedLicenses map[string]bool
	started, told  time.Time
	total          int64
	before         int64
	rows           int64
}

// Import reads files and writes what they say. What cannot be read is in the
// summary and does not stop the rest; an error does, and leaves what is written
// so far: running the import again goes on from there.
func (im *Importer) Import(ctx context.Context, files []string, options Options) (Summary, error) {
	return im.importInputs(ctx, namedInputs(files), options)
}

// Contents is a file that the program carries.
type Contents struct {
	Name string
	Data []byte
}

// ImportContents is Import for files that are in memory, compressed or not.
func (im *Importer) ImportContents(ctx context.Context, files []Contents, options Options) (Summary, error) {
	inputs := make([]*input, len(files))
	for i, file := range files {
		inputs[i] = &input{name: file.Name, contents: file.Data}
	}
	return im.importInputs(ctx, inputs, options)
}

func (im *Importer) importInputs(ctx context.Context, inputs []*input, options Options) (Summary, error) {
	r := &run{
		Importer: im, options: options, started: time.Now(), judgedZones: map[string]bool{}, judgedLicenses: map[string]bool{},
		people:        newMentions(func(u *account.User) string { return u.ID }),
		organizations: newMentions(func(o *account.Organization) string { return o.ID }),
	}
	r.summary.DryRun = options.DryRun
	err := r.importAll(ctx, inputs)
	r.summary.Elapsed = time.Since(r.started)
	return r.summary, err
}

func (r *run) importAll(ctx context.Context, inputs []*input) (err error) {
	if r.reporter, err = newReporter(&r.summary, r.options.Report); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	defer func() {
		if closing := r.reporter.close(); closing != nil && err == nil {
			err = fmt.Errorf("the report cannot be written: %w", closing)
		}
	}()
	if err := r.openBook(ctx); err != nil {
		return err
	}
	for _, in := range inputs {
		err := in.open(reading{zones: r.zones, book: r.book})
		in.close()
		if err != nil {
			return err
		}
		r.total += in.size
	}
	slices.SortStableFunc(inputs, func(a, b *input) int {
		return slices.Index(kindOrder, a.kind) - slices.Index(kindOrder, b.kind)
	})
	for _, in := range inputs {
		if err := r.importFile(ctx, in); err != nil {
			return err
		}
		r.before += in.size
	}
	if r.options.DryRun {
		return nil
	}
	r.tell(nil, "counting", true)
	r.summary.Recounted, err = r.catalog.RecountAll(ctx)
	return err
}

// openBook loads the licences; those of the program are there from the start.
func (r *run) openBook(ctx context.Context) error {
	if !r.options.DryRun {
		if err := r.catalog.SeedLicenses(ctx); err != nil {
			return err
		}
	}
	licenses, err := r.catalog.Licenses(ctx)
	if err != nil {
		return err
	}
	builtin, err := catalog.BuiltinLicenses()
	if err != nil {
		return err
	}
	r.book, err = newLicenseBook(append(licenses, builtin...))
	return err
}

func (r *run) importFile(ctx context.Context, in *input) error {
	file := FileSummary{File: in.name, Kind: in.kind, Beyond: map[string]int64{}}
	with := reading{zones: r.zones, book: r.book}
	if in.kind == kindAPIs {
		var err error
		if with.producers, err = r.producers(ctx); err != nil {
			return err
		}
	}
	defer in.close()
	if err := in.open(with); err != nil {
		return err
	}
	join := &joiner{seen: map[string]bool{}}
	err := in.readChunks(ctx, with, func(c *chunk) error {
		file.Rows += int64(len(c.raw))
		r.rows += int64(len(c.raw))
		file.Refused += int64(len(c.refusals))
		for _, refusal := range c.refusals {
			if err := r.reporter.add(refusal); err != nil {
				return fmt.Errorf("the report cannot be written: %w", err)
			}
		}
		err := r.settle(ctx, in.kind, &file, join, c.rows, false)
		r.tell(in, "", false)
		return err
	})
	if err == nil {
		err = r.settle(ctx, in.kind, &file, join, nil, true)
	}
	r.summary.Files = append(r.summary.Files, file)
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	return nil
}

// settle writes what the rows of a chunk say; last ends the file.
func (r *run) settle(ctx context.Context, kind string, file *FileSummary, join *joiner, rows []said, last bool) error {
	var s *statements
	if kind == kindResources {
		var beyond map[string]int64
		s, beyond = join.join(rows, last)
		for kind, count := range beyond {
			file.Beyond[kind] += count
		}
	} else {
		s = gather(rows)
		for i := range rows {
			for _, kind := range rows[i].beyond {
				file.Beyond[kind]++
			}
		}
	}
	do := r.write
	if r.options.DryRun {
		do = r.judge
	}
	done, err := do(ctx, s)
	if err != nil {
		return err
	}
	file.Created += done.created
	file.Updated += done.updated
	file.Unchanged += done.unchanged
	r.summary.Organizations += done.organizations
	r.summary.People += done.people
	r.summary.Licenses += done.licenses
	r.summary.Zones += done.zones
	r.summary.Contacts += done.contacts
	if !last || r.options.DryRun {
		return nil
	}
	return r.settleMentions(ctx)
}

// settleMentions writes until when what rows said of others was known.
func (r *run) settleMentions(ctx context.Context) error {
	organizations, people := r.organizations.remaining(), r.people.remaining()
	for len(organizations)+len(people) > 0 {
		s := &statements{
			namedOrganizations: organizations[:min(chunkRows, len(organizations))], namedPeople: people[:min(chunkRows, len(people))],
		}
		organizations, people = organizations[len(s.namedOrganizations):], people[len(s.namedPeople):]
		for _, input := range s.namedOrganizations {
			delete(r.organizations.written[input.Object.ID], input.Source.Hash)
		}
		for _, input := range s.namedPeople {
			delete(r.people.written[input.Object.ID], input.Source.Hash)
		}
		if _, err := r.write(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// producers are the organisations that the producers of APIs may be.
func (r *run) producers(ctx context.Context) (map[string]string, error) {
	named, err := catalog.OrganizationNames(ctx, r.log.DB().Read())
	if err != nil {
		return nil, err
	}
	producers := make(map[string]string, len(named))
	for _, organization := range named {
		folded := text.JoinWords(organization.Name)
		if producers[folded] == "" {
			producers[folded] = organization.ID
		}
	}
	return producers, nil
}

// tellEvery is the time between two words on progress.
const tellEvery = 100 * time.Millisecond

func (r *run) tell(in *input, stage string, now bool) {
	if r.options.Progress == nil || !now && time.Since(r.told) < tellEvery {
		return
	}
	r.told = time.Now()
	progress := Progress{Read: r.before, Total: r.total, Rows: r.rows, Elapsed: time.Since(r.started), Stage: stage}
	if in != nil {
		progress.File, progress.Kind = in.name, in.kind
		progress.Read += in.read.Load()
	}
	r.options.Progress(progress)
}
