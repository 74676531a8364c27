set -eu
git config --global user.name platform
git config --global user.email platform@example.test
git config --global init.defaultBranch main
# A container that starts again finds what the one before it left.
rm -rf /srv/git/manifests.git /tmp/work
mkdir -p /srv/git /tmp/work
cd /tmp/work
git init -q
tar -xzf /content/manifests.tar.gz
git add -A
git commit -q -m "The platform's manifests"
git clone -q --bare /tmp/work /srv/git/manifests.git
exec git daemon --reuseaddr --export-all --base-path=/srv/git --port=9418 /srv/git
