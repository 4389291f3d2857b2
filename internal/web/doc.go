// Package web holds what all HTTP faces share: the table of routes, arguments and bodies, field masks,
// the form of answers and errors, kept answers, the middlewares and the server.
//
// It knows no subject. A face declares its routes in a Table, each once, with its types and rights;
// a Handler serves tables; OpenAPI documents are written from the same declarations.
//
// A request goes this way: the kept answers first (see Kept), then the address behind trusted proxies,
// the request's id, cross-origin rules, the route, the caller, the arguments, the mask, the body, and
// the face's function, which writes its answer through Call or returns an error (see package fault).
package web
