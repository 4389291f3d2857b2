package api

import (
	"time"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/web"
)

const (
	// stepCookie holds a login, or the set-up of a second factor, on its way
	// between two requests, for stepHolds.
	stepCookie = "grenier_login"
	stepHolds  = 10 * time.Minute
)

// FactorSetupBody says what to set up: authenticator for an application that
// shows codes, disable to end it, which asks for the password or a code.
type FactorSetupBody struct {
	VerifyBody
	Setup string `json:"setup"`
}

// CodeBody is a code of the second factor.
type CodeBody struct {
	CSRFBody
	Code string `json:"code"`
}

// VerifyBody proves who somebody is.
type VerifyBody struct {
	CSRFBody
	Password string `json:"password"`
	Code     string `json:"code"`
}

func (a *API) rootFactor(root *web.Table) {
	sessionRoute(a, root, "Set a second factor up", a.factorSetup, web.Doc{}, "/tf-setup", "/tf-setup/")
	sessionRoute(a, root, "Give a code of the second factor", a.factorValidate, web.Doc{}, "/tf-validate", "/tf-validate/")
	sessionRoute(a, root, "Give a recovery code in place of the second factor", a.factorRescue, web.Doc{}, "/tf-rescue", "/tf-rescue/")
	sessionRoute(a, root, "Prove again who I am", a.verify, web.Doc{Auth: web.User}, "/verify", "/verify/")
}

// factorSetup begins to set a second factor up: of who is signed in, or of who
// logs in where the site demands one.
func (a *API) factorSetup(c *web.Call, body FactorSetupBody) (*SessionResponse, error) {
	signedIn := viewer(c).Session != ""
	switch {
	case body.Setup == "disable" && signedIn:
		plain, err := a.Accounts.RemoveFactor(c.Context(), viewer(c), body.Password, body.Code)
		if err != nil {
			return nil, err
		}
		return nil, a.renewed(c, plain)
	case body.Setup != "authenticator":
		return nil, fault.At("Choose authenticator, or disable.", "setup")
	}
	var setup *account.FactorSetup
	var err error
	if signedIn {
		setup, err = a.Accounts.StartFactor(c.Context(), viewer(c), c.Site.Title)
	} else {
		setup, err = a.Accounts.SetupAtLogin(c.Context(), c.Cookie(stepCookie), c.Site.Title)
	}
	if err != nil {
		return nil, err
	}
	c.SetCookie(stepCookie, setup.State, stepHolds)
	return &SessionResponse{
		State: "validating_profile", URI: setup.URI, Key: setup.Secret, Issuer: setup.Issuer, Username: setup.Account, Picture: setup.Picture,
	}, nil
}

// factorValidate takes a code: to end a login, or a set-up.
func (a *API) factorValidate(c *web.Call, body CodeBody) (*SessionResponse, error) {
	state := c.Cookie(stepCookie)
	if viewer(c).Session != "" {
		codes, plain, err := a.Accounts.ConfirmFactor(c.Context(), viewer(c), state, body.Code)
		if err != nil {
			return nil, err
		}
		c.SetCookie(stepCookie, "", -1)
		return &SessionResponse{RecoveryCodes: codes}, a.renewed(c, plain)
	}
	need, _, err := a.Accounts.StepOf(c.Context(), state)
	if err != nil {
		return nil, err
	}
	enter := a.Accounts.EnterWithCode
	if need == account.NeedFactor {
		enter = a.Accounts.EnterWithSetup
	}
	entry, err := enter(c.Context(), state, body.Code)
	if err != nil {
		return nil, err
	}
	return a.entered(c, entry), nil
}

func (a *API) factorRescue(c *web.Call, body CodeBody) (*SessionResponse, error) {
	entry, err := a.Accounts.EnterWithRecovery(c.Context(), c.Cookie(stepCookie), body.Code)
	if err != nil {
		return nil, err
	}
	return a.entered(c, entry), nil
}

func (a *API) verify(c *web.Call, body VerifyBody) (*SessionResponse, error) {
	plain, err := a.Accounts.Verify(c.Context(), viewer(c), body.Password, body.Code)
	if err != nil {
		return nil, err
	}
	return nil, a.renewed(c, plain)
}
