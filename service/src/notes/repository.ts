import { DatabaseError, literal, type Sequelize } from 'sequelize';
import { defineNote, type Note } from './model.ts';

/** A note as clients see it; dates become ISO 8601 text in JSON. */
export interface NoteView {
  id: number;
  title: string;
  body: string;
  createdAt: Date;
  updatedAt: Date;
}

export interface NoteFields {
  title: string;
  body: string;
}

export interface Page {
  notes: NoteView[];
  /** True when older notes follow. */
  more: boolean;
}

/** The notes in the database. Ids are safe integers; an id without a note gives undefined or false, never an error. */
export interface NotesRepository {
  list(options: { limit: number; before?: number | undefined }): Promise<Page>;
  find(id: number): Promise<NoteView | undefined>;
  create(fields: NoteFields): Promise<NoteView>;
  /** All of creating a note but the note: the database refuses it, and does not even give it an id. */
  rehearse(fields: NoteFields): Promise<NoteView>;
  change(id: number, changes: Partial<NoteFields>): Promise<NoteView | undefined>;
  remove(id: number): Promise<boolean>;
  addMany(notes: readonly NoteFields[]): Promise<void>;
}

type Row = Pick<Note, 'id' | 'title' | 'body' | 'createdAt' | 'updatedAt'>;

const attributes = ['id', 'title', 'body', 'createdAt', 'updatedAt'] as const satisfies (keyof Row)[];

// Starts after the note `before`, or after where it was: it may have been deleted while a client was paging.
const olderThan = literal(
  '(created_at, id) < ((SELECT created_at FROM notes WHERE id <= :before ORDER BY id DESC LIMIT 1), :before)',
);

const view = ({ id, title, body, createdAt, updatedAt }: Row): NoteView => ({
  id: Number(id),
  title,
  body,
  createdAt,
  updatedAt,
});

/** A write in a read-only transaction (PostgreSQL manual, appendix A). */
const isRefusedWrite = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.parent as { code?: string }).code === '25006';

export function createNotesRepository(sequelize: Sequelize): NotesRepository {
  const Notes = defineNote(sequelize);

  const find = async (id: number) => {
    const row = await Notes.findByPk(id, { raw: true, attributes: [...attributes] });
    return row === null ? undefined : view(row);
  };

  return {
    find,

    async list({ limit, before }) {
      const rows = await Notes.findAll({
        // Plain rows: making 50 model instances costs more than the query.
        raw: true,
        attributes: [...attributes],
        order: [
          ['createdAt', 'DESC'],
          ['id', 'DESC'],
        ],
        limit: limit + 1,
        ...(before === undefined ? {} : { where: olderThan, replacements: { before } }),
      });
      return { notes: rows.slice(0, limit).map(view), more: rows.length > limit };
    },

    async create(fields) {
      return view(await Notes.create({ ...fields }));
    },

    async rehearse(fields) {
      const transaction = await sequelize.transaction();
      try {
        await sequelize.query('SET TRANSACTION READ ONLY', { transaction });
        await Notes.create({ ...fields }, { transaction });
      } catch (error) {
        if (!isRefusedWrite(error)) throw error;
      } finally {
        await transaction.rollback();
      }
      const now = new Date();
      return { ...fields, id: 0, createdAt: now, updatedAt: now };
    },

    async change(id, changes) {
      if (Object.keys(changes).length === 0) return find(id);
      const [, rows] = await Notes.update(changes, { where: { id: String(id) }, returning: true });
      return rows[0] && view(rows[0]);
    },

    async remove(id) {
      return (await Notes.destroy({ where: { id: String(id) } })) > 0;
    },

    async addMany(notes) {
      await Notes.bulkCreate(
        notes.map((note) => ({ ...note })),
        { returning: false },
      );
    },
  };
}
