// The shop server: node index.js, with PORT and PGPORT in the environment.
const { bootstrap } = require('@vendure/core');
const { config } = require('./config');

bootstrap(config).catch(error => {
  console.error(error);
  process.exit(1);
});
