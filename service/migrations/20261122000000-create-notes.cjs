/** @type {import('sequelize-cli').Migration} */
module.exports = {
  async up({ sequelize }) {
    await sequelize.transaction(async (transaction) => {
      // Milliseconds, as JavaScript's Date has them: a finer column would sort by digits that no client ever sees.
      await sequelize.query(
        `CREATE TABLE notes (
           id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
           title varchar(160) NOT NULL,
           body text NOT NULL DEFAULT '',
           created_at timestamptz(3) NOT NULL DEFAULT now(),
           updated_at timestamptz(3) NOT NULL DEFAULT now()
         )`,
        { transaction },
      );
      await sequelize.query('CREATE INDEX notes_newest_first ON notes (created_at DESC, id DESC)', { transaction });
    });
  },

  async down({ sequelize }) {
    await sequelize.query('DROP TABLE notes');
  },
};
