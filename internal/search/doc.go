// Package search is the search engine of the catalogue: one index for results, facets and suggestions over datasets,
// organisations, reuses, APIs, topics and posts.
//
// It knows neither the database nor HTTP. A loader feeds it Documents, first through a Builder, then through
// Engine.Apply as objects change; Engine.Checkpoint writes what is known to one snapshot file, from which Open starts
// in a moment. All methods of Engine may be used by many goroutines at once.
package search
