// Children get a primary language. The model says so too, but a default in a schema is for
// new documents: those there are already need it written.
module.exports = {
  description: 'Children get a primary language',

  up: async (db) => {
    const { modifiedCount } = await db
      .collection('children')
      .updateMany({ primaryLanguage: { $exists: false } }, { $set: { primaryLanguage: 'en' } });
    console.log(`${modifiedCount} children now have a primary language`);
  },

  down: async (db) => {
    await db.collection('children').updateMany({}, { $unset: { primaryLanguage: '' } });
  },
};
