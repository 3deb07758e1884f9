// Make types of the schemas of an OpenAPI document: `node wire-types.mjs <document> <file>`.
import process from 'node:process';
import { readFileSync, writeFileSync } from 'node:fs';

import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const [, , source, target] = process.argv;
const HEADING = `// Generated from the coordinator's API by scripts/write_wire_types.py; not to be edited.

import type { Json } from './json';

`;
const JSON_VALUE = ts.factory.createTypeReferenceNode('Json');
const JSON_LIST = ts.factory.createArrayTypeNode(JSON_VALUE);
const JSON_OBJECT = ts.factory.createTypeLiteralNode([
  ts.factory.createIndexSignature(
    undefined,
    [
      ts.factory.createParameterDeclaration(
        undefined,
        undefined,
        'key',
        undefined,
        ts.factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword)
      )
    ],
    JSON_VALUE
  )
]);
const SAYS_NOTHING = ['description', 'title'];

/** What may be any value, or holds any values, holds JSON. */
function jsonOf(schema) {
  if (schema.additionalProperties === true && !schema.properties) {
    return JSON_OBJECT;
  }
  const { items } = schema;
  if (items && isAny(items) && !schema.prefixItems) {
    return JSON_LIST;
  }
  return isAny(schema) ? JSON_VALUE : undefined;
}

function isAny(schema) {
  return Object.keys(schema).every(key => SAYS_NOTHING.includes(key));
}

const types = await openapiTS(JSON.parse(readFileSync(source, 'utf-8')), {
  defaultNonNullable: false,
  transform: jsonOf
});
writeFileSync(target, HEADING + astToString(types));
