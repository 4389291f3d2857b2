package account

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/text"
)

// OrganizationInput is what people and programs write of an organisation. What
// is left out stays as it is; null and blank texts take away what may be missing.
type OrganizationInput struct {
	Name             Opt[string]
	Acronym          Opt[string]
	Description      Opt[string]
	URL              Opt[string]
	ImageURL         Opt[string]
	BusinessNumberID Opt[string]
	// Extras replace the whole dictionary; see checkExtras for what is said
	// under "custom".
	Extras Opt[json.RawMessage]
	// PresentationBlocs are a list of the parts of its page, shown to
	// everybody once PresentationBlocsPublishedAt is set.
	PresentationBlocs            Opt[json.RawMessage]
	PresentationBlocsPublishedAt Opt[time.Time]
	// Deleted is only ever read as null, which brings back an organisation
	// that was deleted.
	Deleted Opt[time.Time]
}

// BlocChecker checks the parts of a page that a viewer writes and gives them as
// they are kept; the catalogue does. A refusal is a fault of input whose paths
// begin at the list.
type BlocChecker interface {
	CheckBlocs(ctx context.Context, v Viewer, given json.RawMessage) (db.JSON, error)
}

// The bounds of texts, in characters.
const (
	maxAcronym        = 128
	maxDescription    = 100_000
	maxAddress        = 2_000
	maxBusinessNumber = 14
)

// applyOrganization changes an organisation as the input says. A value that the
// organisation has already may stay although it breaks a rule.
func (w *Writer) applyOrganization(ctx context.Context, v Viewer, o *Organization, in OrganizationInput) error {
	var wrong fieldErrors
	wrong.line(in.Name, maxName, &o.Name, "name")
	wrong.text(in.Description, maxDescription, &o.Description, "description")
	wrong.optionalLine(in.Acronym, maxAcronym, &o.Acronym, "acronym")
	w.address(&wrong, in.URL, &o.URL, "url")
	w.address(&wrong, in.ImageURL, &o.ImageURL, "image_url")
	w.businessNumber(&wrong, in.BusinessNumberID, &o.BusinessNumberID)
	wrong.extras(in.Extras, &o.Extras)
	if in.PresentationBlocsPublishedAt.Set {
		o.PresentationBlocsPublishedAt = db.TimeOf(in.PresentationBlocsPublishedAt.Value)
	}
	if in.Deleted.Set && in.Deleted.Null {
		o.DeletedAt = db.Time{}
	}
	if err := w.presentation(ctx, v, &wrong, in.PresentationBlocs, o); err != nil {
		return err
	}
	o.NameFold = text.Fold(o.Name)
	return wrong.collect()
}

// line reads a required text of one line.
func (f *fieldErrors) line(in Opt[string], most int, into *string, path ...any) {
	value := oneLine(in.Value)
	if !in.Set || value == *into && value != "" {
		return
	}
	if wrong := wrongText(value, true, most); wrong != "" {
		f.add(wrong, path...)
		return
	}
	*into = value
}

// text reads a required text of several lines.
func (f *fieldErrors) text(in Opt[string], most int, into *string, path ...any) {
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	if !in.Set || value == *into && value != "" {
		return
	}
	if wrong := wrongText(value, true, most); wrong != "" {
		f.add(wrong, path...)
		return
	}
	*into = value
}

// optionalLine reads a text of one line that may be missing.
func (f *fieldErrors) optionalLine(in Opt[string], most int, into **string, path ...any) {
	value := oneLine(in.Value)
	if !in.Set || *into != nil && **into == value {
		return
	}
	if wrong := wrongText(value, false, most); wrong != "" {
		f.add(wrong, path...)
		return
	}
	*into = nonEmpty(value)
}

// optionalText reads a text of several lines that may be missing.
func (f *fieldErrors) optionalText(in Opt[string], most int, into **string, path ...any) {
	value := strings.TrimSpace(norm.NFC.String(in.Value))
	if !in.Set || *into != nil && **into == value {
		return
	}
	if wrong := wrongText(value, false, most); wrong != "" {
		f.add(wrong, path...)
		return
	}
	*into = nonEmpty(value)
}

// nonEmpty is a text, nil when it is empty.
func nonEmpty(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}

// address reads an address of the web that may be missing.
func (w *Writer) address(wrong *fieldErrors, in Opt[string], into **string, path ...any) {
	value := strings.TrimSpace(in.Value)
	if !in.Set || *into != nil && **into == value {
		return
	}
	if value == "" {
		*into = nil
		return
	}
	if text := w.wrongAddress(value); text != "" {
		wrong.add(text, path...)
		return
	}
	*into = &value
}

// wrongAddress tells what is wrong with an address of the web.
func (w *Writer) wrongAddress(value string) string {
	const invalid = "Invalid URL: give the whole address, beginning with https:// or http://."
	if text := wrongText(value, true, maxAddress); text != "" {
		return text
	}
	parsed, err := url.Parse(value)
	if err != nil || parsed.Hostname() == "" || !slices.Contains([]string{"http", "https"}, strings.ToLower(parsed.Scheme)) {
		return invalid
	}
	if w.deps.CheckURL == nil {
		return ""
	}
	if err := w.deps.CheckURL(value); err != nil {
		return fault.Of(err).SafeText()
	}
	return ""
}

// postOffice is the one business number whose check digits are wrong on purpose.
const postOffice = "35600000000048"

// businessNumber reads the number of an organisation in the register of its
// country, without the spaces that people write in it.
func (w *Writer) businessNumber(wrong *fieldErrors, in Opt[string], into **string) {
	value := strings.Join(strings.Fields(in.Value), "")
	if !in.Set || *into != nil && **into == value {
		return
	}
	text := wrongText(value, false, maxBusinessNumber)
	if value != "" && w.deps.Rules.SIRET {
		text = wrongSIRET(value)
	}
	if text != "" {
		wrong.add(text, "business_number_id")
		return
	}
	*into = nonEmpty(value)
}

// wrongSIRET tells what is wrong with the number of a French establishment: its
// first nine digits are those of the company, whose last is a check digit.
func wrongSIRET(number string) string {
	if len([]rune(number)) != maxBusinessNumber {
		return "A siret number is made of 14 digits"
	}
	if strings.Trim(number, "0123456789") != "" {
		return "A siret number is only made of digits"
	}
	if number != postOffice && !luhn(number[:9]) {
		return "Invalid Siret number"
	}
	return ""
}

// luhn tells whether the last digit of a number checks the others.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		digit := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return sum%10 == 0
}

// presentation reads the parts of an organisation's page.
func (w *Writer) presentation(ctx context.Context, v Viewer, wrong *fieldErrors, in Opt[json.RawMessage], o *Organization) error {
	if !in.Set {
		return nil
	}
	if in.Null {
		o.PresentationBlocs = nil
		return nil
	}
	if w.deps.Blocs == nil {
		return fault.New(fault.NotImplemented, "Presentations cannot be written here.")
	}
	blocs, err := w.deps.Blocs.CheckBlocs(ctx, v, in.Value)
	refused := fault.Of(err)
	switch {
	case err == nil:
		o.PresentationBlocs = blocs
	case refused.Code != fault.Invalid:
		return err
	case len(refused.Fields) == 0:
		wrong.add(refused.SafeText(), "presentation_blocs")
	}
	if err != nil {
		for _, field := range refused.Fields {
			wrong.add(field.Text, append([]any{"presentation_blocs"}, field.Path...)...)
		}
	}
	return nil
}

// organizationColumns are those that a write may change.
var organizationColumns = []string{
	"version", "modified_at", "deleted_at", "name", "name_fold", "slug", "acronym", "description", "url", "image_url",
	"business_number_id", "zone", "extras", "presentation_blocs", "presentation_blocs_published_at", "public_service", "certified",
}

// organizationDifference compares what people write of an organisation.
func organizationDifference(before, after *Organization) history.Difference {
	difference := history.Difference{}
	compare := func(name string, old, new any, same bool) {
		if !same {
			difference[name] = [2]any{old, new}
		}
	}
	texts := func(name string, old, new *string) { compare(name, old, new, sameText(old, new)) }
	moments := func(name string, old, new db.Time) {
		compare(name, old.Ptr(), new.Ptr(), old.Equal(new.Time))
	}
	compare("name", before.Name, after.Name, before.Name == after.Name)
	compare("slug", before.Slug, after.Slug, before.Slug == after.Slug)
	compare("description", before.Description, after.Description, before.Description == after.Description)
	compare("extras", before.Extras, after.Extras, string(before.Extras) == string(after.Extras))
	compare("presentation_blocs", before.PresentationBlocs, after.PresentationBlocs, string(before.PresentationBlocs) == string(after.PresentationBlocs))
	texts("acronym", before.Acronym, after.Acronym)
	texts("url", before.URL, after.URL)
	texts("image_url", before.ImageURL, after.ImageURL)
	texts("business_number_id", before.BusinessNumberID, after.BusinessNumberID)
	texts("zone", before.Zone, after.Zone)
	moments("presentation_blocs_published_at", before.PresentationBlocsPublishedAt, after.PresentationBlocsPublishedAt)
	moments("deleted", before.DeletedAt, after.DeletedAt)
	return difference
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
