package catalog

import (
	"encoding/json"

	"grenier/internal/db"
)

// The classes of blocs.
const (
	BlocDatasets     = "DatasetsListBloc"
	BlocReuses       = "ReusesListBloc"
	BlocDataservices = "DataservicesListBloc"
	BlocLinks        = "LinksListBloc"
	BlocHero         = "HeroBloc"
	BlocMarkdown     = "MarkdownBloc"
	BlocAccordion    = "AccordionListBloc"
)

// Bloc is a part of a composed page. Which members it has depends on its class;
// lists of objects hold identifiers.
type Bloc struct {
	ID    string `json:"id"`
	Class string `json:"class"`

	Title         *string         `json:"title,omitempty"`
	Subtitle      *string         `json:"subtitle,omitempty"`
	Description   *string         `json:"description,omitempty"`
	Paragraph     *string         `json:"paragraph,omitempty"`
	Content       *string         `json:"content,omitempty"`
	Color         *string         `json:"color,omitempty"`
	MainLinkURL   *string         `json:"main_link_url,omitempty"`
	MainLinkTitle *string         `json:"main_link_title,omitempty"`
	Links         []BlocLink      `json:"links,omitempty"`
	Items         []AccordionItem `json:"items,omitempty"`
	Datasets      []string        `json:"datasets,omitempty"`
	Reuses        []string        `json:"reuses,omitempty"`
	Dataservices  []string        `json:"dataservices,omitempty"`
}

// BlocLink is one link of a list of links.
type BlocLink struct {
	Title string  `json:"title"`
	Color *string `json:"color"`
	URL   *string `json:"url"`
}

// AccordionItem is one fold of an accordion.
type AccordionItem struct {
	Title   string `json:"title"`
	Content []Bloc `json:"content"`
}

// Blocs reads stored blocs; nothing stored is no bloc.
func Blocs(stored db.JSON) ([]Bloc, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	var blocs []Bloc
	err := json.Unmarshal(stored, &blocs)
	return blocs, err
}

// EachBloc calls fn with every bloc, those inside accordions included.
func EachBloc(blocs []Bloc, fn func(*Bloc)) {
	for i := range blocs {
		fn(&blocs[i])
		for j := range blocs[i].Items {
			EachBloc(blocs[i].Items[j].Content, fn)
		}
	}
}
