// Keeps htmx from using eval and inline scripts of responses, as a second protection behind the page's CSP (S7).
class Refused {
  constructor() { throw new Error("Code in attributes is not run here."); }
}

window.htmx?.registerExtension("no-eval", {
  init: (api) => api.initSecurity({ createHTML: (text) => text, createScript: () => "" }, Refused, Refused),
});
