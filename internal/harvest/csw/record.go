package csw

import (
	"fmt"
	"strings"

	"grenier/internal/dcat"
	"grenier/internal/harvest"
	"grenier/internal/rdf"
)

// maxDetails bounds the source of a record that is told with its failure, in bytes.
const maxDetails = 64 << 10

// record reads a record of an answer: what fails in it concerns it alone.
func (r *reply) record(e *rdf.Element) {
	place := r.answer.held
	r.answer.held++
	lines := r.linesOf(e)
	name := ""
	for i := range lines {
		l := &lines[i]
		for _, message := range r.warned {
			l.Logs = append(l.Logs, harvest.Log{Level: "warning", Message: message})
		}
		name += l.RemoteID + " "
		if l.T == harvest.LineDataservice {
			r.answer.at[l.RemoteID] = place
		}
	}
	if strings.TrimSpace(name) == "" {
		name = fmt.Sprint(len(e.XML()), " ", place)
	}
	r.warned = nil
	r.answer.lines = append(r.answer.lines, lines...)
	r.answer.names = append(r.answer.names, name)
}

// linesOf are the lines of a record.
func (r *reply) linesOf(e *rdf.Element) (lines []harvest.Line) {
	defer func() {
		if fault := recover(); fault != nil {
			lines = []harvest.Line{failed(e, fmt.Errorf("reading it crashed: %v", fault))}
		}
	}()
	switch {
	case e.Local == "MD_Metadata" || e.Local == "MI_Metadata":
		return []harvest.Line{r.isoLine(e)}
	case r.iso, e.Space == "http://www.opengis.net/cat/csw/2.0.2":
		return []harvest.Line{failed(e, fmt.Errorf("the portal gave <%s>, which is not the form that was asked for", e.Local))}
	}
	return r.rdfLines(e)
}

// failed is the line of a record that cannot be read.
func failed(e *rdf.Element, err error) harvest.Line {
	source := e.XML()
	if len(source) > maxDetails {
		source = strings.ToValidUTF8(source[:maxDetails], "") + "…"
	}
	return harvest.Line{T: harvest.LineError, Message: "The record cannot be read: " + err.Error(), Details: source + "\n" + err.Error()}
}

// rdfLines are the lines of a record in RDF/XML: a graph of its own.
func (r *reply) rdfLines(e *rdf.Element) []harvest.Line {
	g := rdf.NewGraph()
	err := rdf.Read(rdf.Source{Reader: strings.NewReader(e.XML()), Format: rdf.RDFXML, Lenient: r.pass}, g.Add)
	if err != nil {
		return []harvest.Line{failed(e, err)}
	}
	told := dcat.Read(g, dcat.Reading{Language: r.Language, Now: r.Now})
	var lines []harvest.Line
	for _, record := range told.Records {
		lines = append(lines, r.Dataset(record))
	}
	for _, service := range told.Services {
		lines = append(lines, r.Dataservice(service))
	}
	return lines
}

// isoLine is the line of a record in ISO 19139 or ISO 19115-3.
func (r *reply) isoLine(e *rdf.Element) harvest.Line {
	m := newISO(e, r.Language, r.Now)
	switch kind := m.kind(); kind {
	case "dataset", "nonGeographicDataset", "series", "":
		return r.Dataset(m.dataset())
	case "service":
		return r.Dataservice(m.service())
	default:
		id, _ := m.identity()
		return harvest.Line{T: harvest.LineSkip, RemoteID: id, Reason: fmt.Sprintf("records of the kind %q are not harvested", kind)}
	}
}
