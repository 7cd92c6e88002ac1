import { Router } from 'express';
import { notFound } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { resource } from '../http/resource.ts';
import type { NotesRepository, Page } from './repository.ts';
import { newNote, noteChanges, noteId, pageQuery } from './validation.ts';

export const notesPath = '/api/notes';

/** The routes of the notes API. */
export function notesRoutes(notes: NotesRepository, bodyLimitBytes: number): Router {
  const router = Router();
  const body = jsonBody(bodyLimitBytes);

  resource(router, notesPath, {
    get: async (request, response) => {
      const query = pageQuery(request.query);
      const page = await notes.list(query);
      response.json({ notes: page.notes, next: nextLink(page, query.limit) });
    },
    post: [
      ...body,
      async (request, response) => {
        const note = await notes.create(newNote(request.body));
        response.status(201).location(`${notesPath}/${note.id}`).json(note);
      },
    ],
  });

  resource(router, `${notesPath}/:id`, {
    get: async (request, response) => {
      response.json(existing(await notes.find(noteId(request.params.id))));
    },
    patch: [
      ...body,
      async (request, response) => {
        const id = noteId(request.params.id);
        response.json(existing(await notes.change(id, noteChanges(request.body))));
      },
    ],
    delete: async (request, response) => {
      existing((await notes.remove(noteId(request.params.id))) || undefined);
      response.status(204).end();
    },
  });

  return router;
}

function existing<Found>(found: Found | undefined): Found {
  if (found === undefined) throw notFound('There is no such note.');
  return found;
}

/** Where the older notes are, or null on the last page. */
function nextLink({ notes, more }: Page, limit: number): string | null {
  const last = notes.at(-1);
  return more && last ? `${notesPath}?limit=${limit}&before=${last.id}` : null;
}
