export const description = 'Customers know how many orders they made';

export async function up(db) {
  await db
    .collection('orders')
    .aggregate([{ $group: { _id: '$customer', orders: { $sum: 1 } } }, { $merge: 'customers' }])
    .toArray();
}

export async function down(db) {
  await db.collection('customers').drop();
}
