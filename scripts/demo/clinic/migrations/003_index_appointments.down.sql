DROP INDEX appointments_by_day;
