"""The routes: those of DEEPaaS V2, their documents, pages, health."""
