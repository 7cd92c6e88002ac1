import type { Send } from './client.ts';

/** A request that must be refused, and how; `errors` and `allow` are exact, absent means that there is none. */
export interface Refusal {
  name: string;
  request: [method: string, path: string, options?: Send];
  status: number;
  errors?: unknown;
  allow?: string;
}

const json = { 'content-type': 'application/json' };
const post = (body: unknown, headers: Record<string, string> = {}): Refusal['request'] => [
  'POST',
  '/api/notes',
  { body, headers },
];
const content = (name: string, body: unknown, pointer: string, detail: string): Refusal => ({
  name,
  request: post(body),
  status: 422,
  errors: [{ pointer, detail }],
});
const parameters = (query: string, parameter: string, detail: string): Refusal => ({
  name: `query ${query}`,
  request: ['GET', `/api/notes?${query}`],
  status: 400,
  errors: [{ parameter, detail }],
});
const wrongMethod = (method: string, path: string, allow: string): Refusal => ({
  name: `${method} ${path}`,
  request: [method, path],
  status: 405,
  allow,
});

const limitDetail = 'must be a whole number from 1 to 50';
const malformedIds = [
  '0',
  '-1',
  '01',
  '1.5',
  '1e3',
  'abc',
  '9007199254740993',
  '99999999999999999999',
  '%00',
  '%zz',
  "1'--",
];

/** Everything a client can get wrong. */
export const refusals: Refusal[] = [
  content('an unknown field', { titel: 'x' }, '#/titel', 'is not a field of a note'),
  content('a field that only the service sets', { id: 7 }, '#/id', 'is not a field of a note'),
  content('__proto__ as a field', '{"__proto__":{}}', '#/__proto__', 'is not a field of a note'),
  content('constructor as a field', { constructor: 1 }, '#/constructor', 'is not a field of a note'),
  content(
    'a field whose name needs escapes',
    { 'a/b~c d\ud800': 1 },
    '#/a~1b~0c%20d%EF%BF%BD',
    'is not a field of a note',
  ),
  content('a title that is a number', { title: 5 }, '#/title', 'must be a string'),
  content('a title that is null', { title: null }, '#/title', 'must be a string'),
  content('a body that is a list', { body: [] }, '#/body', 'must be a string'),
  content('NUL in the title', { title: 'a\0b' }, '#/title', 'must not contain NUL characters'),
  content('NUL in the body', { body: '\0' }, '#/body', 'must not contain NUL characters'),
  content(
    'half a surrogate pair',
    '{"body":"\\ud83d"}',
    '#/body',
    'must be well-formed Unicode (it contains a lone surrogate)',
  ),
  ...['[]', '"text"', '5', 'null', 'true'].map((body) =>
    content(`${body} in place of an object`, body, '#', 'must be a JSON object'),
  ),
  {
    name: 'two mistakes at once',
    request: post({ title: 1, body: 2 }),
    status: 422,
    errors: [
      { pointer: '#/title', detail: 'must be a string' },
      { pointer: '#/body', detail: 'must be a string' },
    ],
  },
  { name: 'JSON cut short', request: post('{"title":'), status: 400 },
  { name: 'text that is not JSON', request: post('title=x'), status: 400 },
  { name: 'bytes that are not UTF-8', request: post(Buffer.from([0x22, 0xff, 0x22])), status: 400 },
  { name: 'no body at all', request: ['POST', '/api/notes'], status: 400 },
  { name: 'an empty body', request: post('', json), status: 400 },
  { name: 'an empty chunked body', request: post('', { ...json, 'transfer-encoding': 'chunked' }), status: 400 },
  { name: 'a form', request: post('title=x', { 'content-type': 'application/x-www-form-urlencoded' }), status: 415 },
  { name: 'plain text', request: post('{}', { 'content-type': 'text/plain' }), status: 415 },
  { name: 'JSON in UTF-16', request: post('{}', { 'content-type': 'application/json; charset=utf-16' }), status: 415 },
  { name: 'an unknown encoding', request: post('{}', { 'content-encoding': 'lzma' }), status: 415 },
  { name: 'more than the limit', request: post({ body: 'x'.repeat(2000) }), status: 413 },
  {
    name: 'more than the limit in chunks',
    request: post({ body: 'x'.repeat(2000) }, { 'transfer-encoding': 'chunked' }),
    status: 413,
  },
  { name: 'an unknown route', request: ['GET', '/api/note'], status: 404 },
  { name: 'an unknown route with a wrong method', request: ['DELETE', '/nothing'], status: 404 },
  ...malformedIds.flatMap((id): Refusal[] => [
    { name: `GET the id ${id}`, request: ['GET', `/api/notes/${id}`], status: 404 },
    { name: `PATCH the id ${id}`, request: ['PATCH', `/api/notes/${id}`, { body: {} }], status: 404 },
    { name: `DELETE the id ${id}`, request: ['DELETE', `/api/notes/${id}`], status: 404 },
  ]),
  ...['GET', 'DELETE'].map(
    (method): Refusal => ({
      name: `${method} a note that never was`,
      request: [method, '/api/notes/9007199254740991'],
      status: 404,
    }),
  ),
  {
    name: 'PATCH a note that never was',
    request: ['PATCH', '/api/notes/9007199254740991', { body: { title: 'x' } }],
    status: 404,
  },
  { name: 'PATCH with an unknown field', request: ['PATCH', '/api/notes/1', { body: { x: 1 } }], status: 422 },
  { name: 'PATCH without a body', request: ['PATCH', '/api/notes/1'], status: 400 },
  {
    name: 'PATCH with a form',
    request: ['PATCH', '/api/notes/1', { body: 'a=b', headers: { 'content-type': 'text/plain' } }],
    status: 415,
  },
  ...['limit=0', 'limit=51', 'limit=-1', 'limit=ten', 'limit=', 'limit=1&limit=2', 'limit=1e1'].map((query) =>
    parameters(query, 'limit', limitDetail),
  ),
  ...['before=0', 'before=x', 'before=', 'before=99999999999999999999'].map((query) =>
    parameters(query, 'before', 'must be the id of a note'),
  ),
  wrongMethod('PUT', '/api/notes', 'GET, POST, HEAD, OPTIONS'),
  wrongMethod('DELETE', '/api/notes', 'GET, POST, HEAD, OPTIONS'),
  wrongMethod('POST', '/api/notes/1', 'GET, PATCH, DELETE, HEAD, OPTIONS'),
  wrongMethod('PUT', '/api/notes/1', 'GET, PATCH, DELETE, HEAD, OPTIONS'),
  wrongMethod('POST', '/healthz', 'GET, HEAD, OPTIONS'),
  wrongMethod('POST', '/readyz', 'GET, HEAD, OPTIONS'),
  wrongMethod('DELETE', '/', 'GET, HEAD, OPTIONS'),
];
