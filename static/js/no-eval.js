// htmx without eval and without inline scripts in answers: a second wall behind the page's CSP (S7).
class Refused {
  constructor() { throw new Error("Code in attributes is not run here."); }
}

window.htmx?.registerExtension("no-eval", {
  init: (api) => api.initSecurity({ createHTML: (text) => text, createScript: () => "" }, Refused, Refused),
});
