import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const TESTS = ['src/**/__tests__/**'];
const SOURCE_ROOT = {
  group: ['@jupyterlab/*/*', '@lumino/*/*'],
  message: 'Import from the root of the package.'
};

/** Files of one layer may not import what lies above it. */
function layer(files, above) {
  return {
    files,
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            SOURCE_ROOT,
            {
              group: above,
              message:
                'Imports go index → plugins → widgets → models → request, tokens.'
            }
          ]
        }
      ]
    }
  };
}

const INDEX = ['**/index', '**/index.js'];
const PLUGINS = [...INDEX, '**/plugins', '**/plugins/**'];
const WIDGETS = [...PLUGINS, '**/widgets', '**/widgets/**'];
const MODELS = [...WIDGETS, '**/models', '**/models/**'];

export default defineConfig(
  globalIgnores(['lib', 'node_modules', '.yarn', 'src/wire/generated.ts']),
  js.configs.recommended,
  { plugins: { jupyter, 'import-x': importX } },
  ...jupyter.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.check.json',
        tsconfigRootDir: import.meta.dirname
      }
    },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver': { node: { extensions: ['.ts', '.tsx'] } }
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        },
        {
          selector: 'memberLike',
          modifiers: ['private'],
          format: ['camelCase'],
          leadingUnderscore: 'require'
        }
      ],
      complexity: ['error', 10],
      'import-x/no-cycle': 'error',
      'import-x/no-duplicates': ['error', { 'prefer-inline': false }],
      'max-lines': ['error', 500],
      'max-lines-per-function': [
        'error',
        { max: 80, skipBlankLines: true, skipComments: true }
      ],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'no-restricted-imports': ['error', { patterns: [SOURCE_ROOT] }]
    }
  },
  layer(['src/request.ts', 'src/tokens.ts'], MODELS),
  layer(['src/models/**'], WIDGETS),
  layer(['src/widgets/**', 'src/panels/**'], PLUGINS),
  layer(['src/plugins/**'], INDEX),
  {
    // What stands in the page from its first moment gains nothing from a second request.
    files: ['src/plugins/{model,commands,sidebar,toasts,dashboards}.ts'],
    rules: { 'jupyter/prefer-lazy-imports': 'off' }
  },
  {
    files: TESTS,
    rules: {
      'jupyter/command-described-by': 'off',
      'jupyter/no-untranslated-string': 'off',
      'max-lines-per-function': 'off'
    }
  },
  prettier
);
