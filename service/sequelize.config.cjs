// sequelize-cli requires CommonJS; the settings themselves are read in one place, for the service and for its migrations.
module.exports = async () => {
  const { migrationOptions } = await import('./dist/db/options.js');
  return migrationOptions(process.env);
};
