const path = require('node:path');

// Named by --options-path: sequelize-cli cannot load a .sequelizerc in a package of ES modules.
module.exports = {
  config: path.join(__dirname, 'sequelize.config.cjs'),
  'migrations-path': path.join(__dirname, 'migrations'),
};
