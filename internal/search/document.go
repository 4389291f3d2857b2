package search

import "fmt"

// Kind is the kind of object a document stands for. Each kind is indexed, ranked and counted on its own.
type Kind uint8

// The kinds of objects that can be searched.
const (
	Dataset Kind = iota + 1
	Organization
	Reuse
	Dataservice
	Topic
	Post

	lastKind = Post
)

var kindNames = [...]string{"", "dataset", "organization", "reuse", "dataservice", "topic", "post"}

// String gives the lower-case name of the kind, as used in events and logs.
func (k Kind) String() string {
	if k.Valid() {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Valid tells whether k is one of the kinds above.
func (k Kind) Valid() bool { return k >= Dataset && k <= lastKind }

// ParseKind gives the kind called name, false when there is none.
func ParseKind(name string) (Kind, bool) {
	for k := Dataset; k <= lastKind; k++ {
		if kindNames[k] == name {
			return k, true
		}
	}
	return 0, false
}

// Ref names one document of the index.
type Ref struct {
	Kind Kind
	ID   string
}

// Document is what the index knows of one object. The loader makes it from rows; the index copies what it keeps.
//
// Only what everybody may see belongs here: the index knows no rights.
type Document struct {
	Kind Kind
	ID   string

	// Title is the title of a dataset, the name of an organisation or of a topic.
	Title string
	// Acronyms are the declared ones; those written in the title («Répertoire … (RNA)») are found by the index.
	Acronyms []string
	// FormerNames are earlier titles or names, and may be given as slugs.
	FormerNames []string
	Tags        []string
	// Owner is the name of the organisation or of the person who publishes.
	Owner string
	// Organization is the id of the publishing organisation, empty for a person. An organisation is also ranked by
	// the datasets which name it here.
	Organization string
	// Description is plain text: markup has been stripped by the loader.
	Description string
	Formats     []string
	// ExtraText is searched with a small weight: titles of resources, elements of a topic, text of a post.
	ExtraText []string

	Popularity Popularity
	Featured   bool
	Archived   bool

	// Facets are the keyword columns, each with any number of exact values: tag, organization, license, format…
	Facets map[string][]string
	// Numbers are the columns one can sort by or bound: created and last_update in microseconds since 1970 UTC,
	// followers, views… A column that a document lacks sorts last both ways and is outside every range.
	Numbers map[string]int64
	// SortName is the key of the sort «name»; empty means the title. It is folded by the index.
	SortName string
	// CoverageStart and CoverageEnd bound the temporal coverage as yyyymmdd numbers (20260116); 0 means open or unknown.
	CoverageStart, CoverageEnd int32
}

// Popularity are the counters that weigh with the text. Which of them count depends on the kind.
type Popularity struct {
	Views, Downloads, Reuses, Followers, Datasets int64
}
