'use strict';

window.addEventListener('load', () => {
  SwaggerUIBundle({
    urls: [
      { url: 'openapi.json', name: 'OpenAPI 3' },
      { url: 'swagger.json', name: 'OpenAPI 2' }
    ],
    dom_id: '#documents',
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: 'StandaloneLayout'
  });
});
