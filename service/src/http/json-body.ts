import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { Problem } from '../errors.ts';

/**
 * Reads a JSON body into `request.body`. No body 400, another media type 415, longer than `limitBytes` 413, not JSON 400.
 * Bytes that are not UTF-8 are refused (RFC 8259 section 8.1), because decoding would silently change them.
 */
export function jsonBody(limitBytes: number): RequestHandler[] {
  // Not strict: a JSON number or string is well-formed, and the validation has the better answer for it.
  const parse = express.json({ limit: limitBytes, strict: false, type: 'application/json', verify: checkBytes });
  return [requireJson, parse];
}

const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (!hasBody) throw new Problem(400, 'The request body is empty; send a JSON object.');
  if (!request.is('application/json')) throw new Problem(415, 'Send JSON, with Content-Type: application/json.');
  next();
};

function checkBytes(_request: unknown, _response: unknown, bytes: Buffer, charset: string) {
  if (charset !== 'utf-8') throw bodyError('charset.unsupported');
  // body-parser takes nothing at all for an empty object.
  if (bytes.length === 0) throw bodyError('entity.empty');
  if (!isUtf8(bytes)) throw bodyError('entity.encoding');
}

const bodyError = (type: string) => Object.assign(new Error(type), { type });
