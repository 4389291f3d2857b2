package api

import (
	"net/http"

	"grenier/internal/web"
)

// Session is a browser in which the caller is signed in.
type Session struct {
	Address    string `json:"address"`
	Agent      string `json:"user_agent"`
	CreatedAt  Moment `json:"created_at"`
	Current    bool   `json:"current"`
	ExpiresAt  Moment `json:"expires_at"`
	ID         string `json:"id"`
	Provider   string `json:"provider"`
	SeenAt     Moment `json:"seen_at"`
	VerifiedAt Moment `json:"verified_at"`
}

// SecondFactor tells about the caller's second factor.
type SecondFactor struct {
	Demanded      bool   `json:"demanded"`
	RecoveryCodes int    `json:"recovery_codes"`
	SetAt         Moment `json:"set_at"`
}

// SecondFactorSetup is what an application that shows codes needs.
type SecondFactorSetup struct {
	Issuer   string `json:"issuer"`
	Key      string `json:"key"`
	Picture  string `json:"picture"`
	State    string `json:"state"`
	URI      string `json:"uri"`
	Username string `json:"username"`
}

// SecondFactorWrite ends the set-up of a second factor.
type SecondFactorWrite struct {
	Code  string `json:"code"`
	State string `json:"state"`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes"`
}

// Ended tells how many sessions ended.
type Ended struct {
	Ended int64 `json:"ended"`
}

type sessionsArgs struct {
	All bool `query:"all" help:"End the session that asks too"`
}

// sessionRoutes are what people do with their account: the same as its pages.
func (a *API) sessionRoutes() {
	mine := func(summary string) web.Doc {
		return web.Doc{Summary: summary, Tags: []string{"me"}, Auth: web.User, NoMask: true, NoStore: true}
	}
	nothing := func(summary string) web.Doc {
		d := mine(summary)
		d.Status = http.StatusNoContent
		return d
	}
	web.Get[[]Session](a.v2, "/me/sessions/", mine("List my sessions"), a.listMySessions)
	web.Delete[Ended](a.v2, "/me/sessions/", mine("End my other sessions"), a.endMySessions)
	web.Delete[web.None](a.v2, "/me/sessions/{session}/", nothing("End one of my sessions"), a.endMySession)
	export := mine("Export what is known of me")
	export.Slow, export.Produces = true, []string{"application/json"}
	web.Get[web.Raw](a.v2, "/me/export/", export, a.exportMe)
	web.Post[web.None](a.v2, "/me/password/", nothing("Change my password"), a.changeMyPassword)
	web.Post[web.None](a.v2, "/me/email/", nothing("Ask for another address of my account"), a.changeMyAddress)
	web.Post[web.None](a.v2, "/me/verify/", nothing("Prove again who I am"), a.verifyMe)
	web.Post[web.None](a.v2, "/me/close/", nothing("Close my account"), a.closeMe)
	web.Get[SecondFactor](a.v2, "/me/second_factor/", mine("Read about my second factor"), a.getMyFactor)
	web.Post[SecondFactorSetup](a.v2, "/me/second_factor/", mine("Begin to set a second factor up"), a.startMyFactor)
	web.Put[RecoveryCodes](a.v2, "/me/second_factor/", mine("Set the second factor up with a first code"), a.confirmMyFactor)
	web.DeleteWith[web.None](a.v2, "/me/second_factor/", nothing("Remove my second factor, with my password or a code"), a.removeMyFactor)
	web.Post[RecoveryCodes](a.v2, "/me/second_factor/recovery_codes/", mine("Draw new recovery codes"), a.drawMyCodes)
}

func (a *API) listMySessions(c *web.Call, _ web.None) error {
	v := viewer(c)
	sessions, err := a.Sessions.List(c.Context(), v)
	if err != nil {
		return err
	}
	all := make([]Session, len(sessions))
	for i, s := range sessions {
		all[i] = Session{
			Address: s.Address, Agent: s.Agent, CreatedAt: moment(s.CreatedAt), Current: s.ID == v.Session, ExpiresAt: moment(s.ExpiresAt),
			ID: s.ID, Provider: s.Provider, SeenAt: moment(s.SeenAt), VerifiedAt: moment(s.VerifiedAt),
		}
	}
	return send(c, http.StatusOK, all)
}

func (a *API) endMySessions(c *web.Call, q sessionsArgs) error {
	end := a.Sessions.RevokeOthers
	if q.All {
		end = a.Sessions.RevokeAll
	}
	ended, err := end(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	if q.All && viewer(c).Session != "" {
		c.ClearSession()
	}
	return send(c, http.StatusOK, Ended{ended})
}

func (a *API) endMySession(c *web.Call, _ web.None) error {
	if err := a.Sessions.Revoke(c.Context(), viewer(c), c.Param("session")); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) exportMe(c *web.Call, _ web.None) error {
	h := c.W.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="account.json"`)
	h.Set("Cache-Control", "private, no-store")
	return a.Accounts.Export(c.Context(), viewer(c), c.W)
}

// done answers a change of the account, with the new text of the session.
func (a *API) done(c *web.Call, plain string, err error) error {
	if err == nil {
		err = a.renewed(c, plain)
	}
	if err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (a *API) changeMyPassword(c *web.Call, _ web.None, body PasswordBody) error {
	plain, err := a.Accounts.ChangePassword(c.Context(), viewer(c), body.Password, body.NewPassword, body.NewPasswordConfirm)
	return a.done(c, plain, err)
}

func (a *API) changeMyAddress(c *web.Call, _ web.None, body AddressBody) error {
	return a.done(c, "", a.Accounts.AskAddress(c.Context(), viewer(c), body.NewEmail, body.NewEmailConfirm))
}

func (a *API) verifyMe(c *web.Call, _ web.None, body VerifyBody) error {
	plain, err := a.Accounts.Verify(c.Context(), viewer(c), body.Password, body.Code)
	return a.done(c, plain, err)
}

func (a *API) closeMe(c *web.Call, _, _ web.None) error {
	if err := a.Accounts.CloseMine(c.Context(), viewer(c)); err != nil {
		return err
	}
	c.ClearSession()
	return c.Empty(http.StatusNoContent)
}

func (a *API) getMyFactor(c *web.Call, _ web.None) error {
	state, err := a.Accounts.Factor(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, SecondFactor{Demanded: state.Demanded, RecoveryCodes: state.Codes, SetAt: moment(state.Set)})
}

func (a *API) startMyFactor(c *web.Call, _, _ web.None) error {
	setup, err := a.Accounts.StartFactor(c.Context(), viewer(c), c.Site.Title)
	if err != nil {
		return err
	}
	return sendSecret(c, SecondFactorSetup{
		Issuer: setup.Issuer, Key: setup.Secret, Picture: setup.Picture, State: setup.State, URI: setup.URI, Username: setup.Account,
	})
}

// sendSecret answers with what no cache may hold.
func sendSecret(c *web.Call, v any) error {
	c.W.Header().Set("Cache-Control", "no-store")
	return send(c, http.StatusOK, v)
}

func (a *API) confirmMyFactor(c *web.Call, _ web.None, body SecondFactorWrite) error {
	codes, plain, err := a.Accounts.ConfirmFactor(c.Context(), viewer(c), body.State, body.Code)
	if err == nil {
		err = a.renewed(c, plain)
	}
	if err != nil {
		return err
	}
	return sendSecret(c, RecoveryCodes{codes})
}

func (a *API) removeMyFactor(c *web.Call, _ web.None, body VerifyBody) error {
	plain, err := a.Accounts.RemoveFactor(c.Context(), viewer(c), body.Password, body.Code)
	return a.done(c, plain, err)
}

func (a *API) drawMyCodes(c *web.Call, _, _ web.None) error {
	codes, err := a.Accounts.RecoveryCodes(c.Context(), viewer(c))
	if err != nil {
		return err
	}
	return sendSecret(c, RecoveryCodes{codes})
}
