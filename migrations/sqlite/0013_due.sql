-- What has a last day is found by that day: the house looks every half minute, and few have one.
CREATE INDEX resources_by_end ON resources (end_day, id) WHERE end_day IS NOT NULL;
